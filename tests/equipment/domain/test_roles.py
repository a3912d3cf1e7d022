"""The permission table, cell by cell."""

from __future__ import annotations

import pytest

from equipment.domain import roles
from equipment.domain.roles import PERMISSIONS, ROLES, allows, is_role

YES, NO = True, False

TABLE = {
    # action               user technician manager admin
    "records.read":        (YES, YES, YES, YES),
    "records.export":      (YES, YES, YES, YES),
    "account.email":       (YES, YES, YES, YES),
    "activity.read":       (YES, YES, YES, YES),
    "loans.own":           (YES, YES, YES, YES),
    "tokens.make":         (YES, YES, YES, YES),
    "loans.manage":        (NO, YES, YES, YES),
    "events.add":          (NO, YES, YES, YES),
    "files.attach":        (NO, YES, YES, YES),
    "plans.manage":        (NO, NO, YES, YES),
    "records.edit":        (NO, YES, YES, YES),
    "records.add":         (NO, YES, YES, YES),
    "records.import":      (NO, YES, YES, YES),
    "options.edit":        (NO, YES, YES, YES),
    "views.share":         (NO, YES, YES, YES),
    "records.delete":      (NO, NO, YES, YES),
    "records.bulk_edit":   (NO, NO, YES, YES),
    "activity.export":     (NO, NO, YES, YES),
    "records.purge":       (NO, NO, NO, YES),
    "columns.manage":      (NO, NO, NO, YES),
    "sample.load":         (NO, NO, NO, YES),
    "backup.see":          (NO, NO, NO, YES),
    "backup.create":       (NO, NO, NO, YES),
    "backup.restore":      (NO, NO, NO, YES),
    "backup.settings":     (NO, NO, NO, YES),
    "backup.replace":      (NO, NO, NO, YES),
    "backup.merge":        (NO, NO, NO, YES),
    "backup.let_go":       (NO, NO, NO, YES),
    "backup.delete":       (NO, NO, NO, YES),
    "backup.sealing":      (NO, NO, NO, YES),
    "backup.remotes":      (NO, NO, NO, YES),
    "users.rights":        (NO, NO, NO, YES),
    "users.manage":        (NO, NO, NO, YES),
    "tokens.manage":       (NO, NO, NO, YES),
    "settings.edit":       (NO, NO, NO, YES),
    "settings.write_file": (NO, NO, NO, YES),
}
CELLS = [(role, action, row[column]) for action, row in TABLE.items() for column, role in enumerate(ROLES)]


@pytest.mark.parametrize(("role", "action", "expected"), CELLS)
def test_cell(role: str, action: str, expected: bool) -> None:
    assert allows(role, action) is expected


def test_the_table_covers_every_action() -> None:
    assert set(TABLE) == set(PERMISSIONS)


@pytest.mark.parametrize("role", ["", "Admin", "root", "admin ", None, 3])
def test_unknown_roles_may_do_nothing(role: object) -> None:
    assert not is_role(role)
    assert not any(allows(role, action) for action in PERMISSIONS)  # type: ignore[arg-type]


def test_of_two_roles_the_less_powerful_counts() -> None:
    assert {(one, other): roles.lesser(one, other) for one in ROLES for other in ROLES} == {
        (one, other): ROLES[min(ROLES.index(one), ROLES.index(other))] for one in ROLES for other in ROLES}


def test_what_a_program_may_read_changes_nothing_and_needs_nobody() -> None:
    assert not roles.READS & (roles.CHANGES_THE_LIST | roles.NEVER_BY_TOKEN)
    assert roles.NEEDS_PROOF < roles.NEVER_BY_TOKEN and "backup.restore" in roles.NEVER_BY_TOKEN
    assert PERMISSIONS.keys() > roles.READS | roles.NEVER_BY_TOKEN


def test_an_action_nobody_defined_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        allows("admin", "records.dance")


def test_every_ability_in_words_belongs_to_one_role_and_each_role_has_one() -> None:
    told = [words for role in roles.ROLES for words in roles.abilities_of(role)]

    assert sorted(told) == sorted(roles.ABILITIES)
    assert all(roles.abilities_of(role) for role in roles.ROLES)
    assert {action for actions in roles.ABILITIES.values() for action in actions} == set(roles.PERMISSIONS)


def test_who_may_do_something_is_said_without_its_name() -> None:
    assert roles.can("records.purge") == (
        "Who may delete records for good, manage columns and load sample data: the role admin.")
    assert roles.can("records.edit").endswith(": the role technician and higher.")
    for action in PERMISSIONS:
        assert action not in roles.can(action)
