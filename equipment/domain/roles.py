"""Who may do what: four roles, one table. Pure data; ``store.access`` enforces it."""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal["user", "technician", "manager", "admin"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least to the most powerful; each role may do everything the ones before it may."""

PERMISSIONS: Final[dict[str, Role]] = {
    "records.read": "user",
    "records.export": "user",
    "account.email": "user",
    "activity.read": "user",
    "loans.own": "user",
    "tokens.make": "user",
    "records.edit": "technician",
    "records.add": "technician",
    "records.import": "technician",
    "options.edit": "technician",
    "views.share": "technician",
    "loans.manage": "technician",
    "events.add": "technician",
    "files.attach": "technician",
    "records.delete": "manager",
    "records.bulk_edit": "manager",
    "activity.export": "manager",
    "plans.manage": "manager",
    "records.purge": "admin",
    "columns.manage": "admin",
    "sample.load": "admin",
    "backup.see": "admin",
    "backup.create": "admin",
    "backup.restore": "admin",
    "backup.settings": "admin",
    "backup.replace": "admin",
    "backup.merge": "admin",
    "backup.let_go": "admin",
    "backup.delete": "admin",
    "backup.sealing": "admin",
    "backup.remotes": "admin",
    "users.manage": "admin",
    "users.rights": "admin",
    "tokens.manage": "admin",
    "settings.edit": "admin",
    "settings.write_file": "admin",
}
"""Action → the least role that may do it."""

ABILITIES: Final[dict[str, tuple[str, ...]]] = {
    "read and export the list, and read the activity": ("records.read", "records.export", "activity.read"),
    "change their own e-mail": ("account.email",),
    "make tokens, with which programs act for them": ("tokens.make",),
    "take things and give them back for themselves, where an administrator allows it": ("loans.own",),
    "edit, add and import records, edit the select options and share views":
        ("records.edit", "records.add", "records.import", "options.edit", "views.share"),
    "give things out and take them back for everybody": ("loans.manage",),
    "write down what was done to things, and strike it out": ("events.add",),
    "attach files to records and remove them": ("files.attach",),
    "delete records, change many at once and export the activity":
        ("records.delete", "records.bulk_edit", "activity.export"),
    "plan what is done to things again and again": ("plans.manage",),
    "delete records for good, manage columns and load sample data": ("records.purge", "columns.manage", "sample.load"),
    "make, restore and manage backups": tuple(name for name in PERMISSIONS if name.startswith("backup.")),
    "manage accounts and settings":
        ("users.manage", "users.rights", "tokens.manage", "settings.edit", "settings.write_file"),
}
"""What people call a group of actions that the same roles may do. Which roles is in ``PERMISSIONS`` alone."""

CHANGES_THE_LIST: Final = frozenset({
    "records.edit", "records.add", "records.import", "records.delete", "records.bulk_edit", "records.purge",
    "options.edit", "columns.manage", "sample.load", "files.attach",
})
"""Actions that write records, files, options or columns: refused while the disk of the data folder has too little
room."""

NEEDS_PROOF: Final = frozenset({
    "records.purge", "backup.replace", "backup.merge", "backup.delete", "backup.let_go", "backup.sealing",
    "backup.remotes", "users.rights", "account.email", "tokens.make",
})
"""Actions for which a signed-in page is not enough: the person must have proved who they are a short while ago."""

READS: Final = frozenset({"records.read", "records.export", "activity.read", "activity.export", "backup.see"})
"""Actions that change nothing: all that a token of the scope ``read`` is good for."""

NEVER_BY_TOKEN: Final = NEEDS_PROOF | {
    "backup.restore", "backup.settings", "users.manage", "tokens.manage", "settings.edit", "settings.write_file",
}
"""Actions that no program may take with a token, whatever its role: nobody is there to be asked."""


def abilities_of(role: Role) -> list[str]:
    """Give in words what *role* may do that the role before it may not."""
    return [words for words, actions in ABILITIES.items() if {PERMISSIONS[action] for action in actions} == {role}]


def can(action: str) -> str:
    """Say who may do *action*, in the words of ``ABILITIES``."""
    ability = next(words for words, actions in ABILITIES.items() if action in actions)
    above = "" if PERMISSIONS[action] == "admin" else " and higher"
    return f"Who may {ability}: the role {PERMISSIONS[action]}{above}."


def is_role(value: object) -> bool:
    """Tell whether *value* names a role."""
    return value in ROLES


def lesser(one: Role, other: Role) -> Role:
    """Give the less powerful of two roles."""
    return min(one, other, key=ROLES.index)


def allows(role: str, action: str) -> bool:
    """Tell whether *role* may do *action*. An unknown role may do nothing; an unknown action raises ``KeyError``."""
    least = PERMISSIONS[action]
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)
