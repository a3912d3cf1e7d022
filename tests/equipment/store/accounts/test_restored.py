"""What becomes of the accounts when those of a backup are taken back: nobody gets in who is locked out now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import bson
import pytest

from equipment.store.accounts import restored

NOW = datetime(2026, 3, 2)
ADMIN = {"_id": "ada", "name": "Ada", "role": "admin", "state": "active", "password": "hash", "epoch": 3}
Doc = dict[str, Any]


def user(key: str, **more: Any) -> Doc:
    return {"_id": key, "name": key.title(), "role": "user", "state": "active", "password": "hash", "epoch": 0, **more}


def plan(saved: list[Doc], live: list[Doc], *, undo: bool = False) -> tuple[dict[str, Doc], restored.Accounts]:
    planned = restored.plan(map(bson.encode, saved), map(bson.encode, live), undo=undo, now=NOW)
    after = [bson.decode(change.after or b"") for change in planned.changes]
    return {document["_id"]: document for document in after}, planned


@pytest.mark.parametrize("state", ["disabled", "rejected"])
@pytest.mark.parametrize("then", ["active", "pending"])
def test_who_is_locked_out_stays_so(state: str, then: str) -> None:
    after, planned = plan([ADMIN, user("bob", state=then)], [ADMIN, user("bob", state=state)])

    assert after["bob"]["state"] == state
    assert "locked out since, and stay so: Bob" in planned.notes


def test_who_was_disabled_then_is_so_again_and_undo_lifts_it() -> None:
    before = [ADMIN, user("bob")]
    after, _ = plan([ADMIN, user("bob", state="disabled")], before)
    assert after["bob"]["state"] == "disabled"

    again, _ = plan([ADMIN, user("bob", state="disabled")], list(after.values()))
    back, _ = plan(before, list(again.values()), undo=True)
    assert back["bob"]["state"] == "active"


def test_who_was_disabled_by_hand_since_stays_so_in_an_undo() -> None:
    before = [ADMIN, user("bob")]
    after, _ = plan(before, before)
    after["bob"]["state"] = "disabled"

    back, _ = plan(before, list(after.values()), undo=True)

    assert back["bob"]["state"] == "disabled"


def test_an_account_that_the_backup_does_not_know_is_disabled_and_comes_back_with_undo() -> None:
    live = [ADMIN, user("eve", role="admin")]
    after, planned = plan([ADMIN], live)
    assert after["eve"]["state"] == "disabled"
    assert planned.administrators == ("ada",)
    assert "disabled, for the backup does not know them: Eve" in planned.notes

    back, _ = plan(live, list(after.values()), undo=True)
    assert back["eve"]["state"] == "active"


def test_an_identity_that_is_locked_out_gets_in_under_no_other_name() -> None:
    saved = [ADMIN, user("new-name", oidc="https://idp|7", source="oidc")]
    live = [ADMIN, user("old-name", oidc="https://idp|7", source="oidc", state="disabled")]

    after, planned = plan(saved, live)

    assert after["new-name"]["state"] == "disabled"
    assert "oidc" not in after["old-name"]
    order = [bson.decode(change.after or b"")["_id"] for change in planned.changes]
    assert order.index("old-name") < order.index("new-name")  # the identity is unique


def test_every_session_and_every_code_ends() -> None:
    saved = [ADMIN, user("bob", code="digest", code_until=NOW, must_change=True, epoch=9)]

    after, _ = plan(saved, [ADMIN | {"epoch": 5}, user("bob", epoch=4), user("eve", epoch=2)])

    assert {key: after[key]["epoch"] for key in after} == {"ada": 6, "bob": 10, "eve": 3}
    assert all(document["signed_out_at"] == NOW for document in after.values())
    assert "code" not in after["bob"] and "code_until" not in after["bob"] and after["bob"]["must_change"]


@pytest.mark.parametrize(("nearly", "works"), [
    ({}, True), ({"password": None}, False), ({"password": None, "source": "oidc"}, True), ({"role": "manager"}, False),
    ({"state": "disabled"}, False), ({"state": "pending"}, False),
])
def test_who_counts_as_an_administrator(nearly: Doc, works: bool) -> None:
    _, planned = plan([ADMIN | nearly], [])

    assert bool(planned.administrators) is works


def test_the_counts() -> None:
    saved = [ADMIN, user("bob"), user("new")]
    live = [ADMIN | {"epoch": 8, "last_sign_in": NOW}, user("bob", role="manager"), user("gone", state="disabled")]

    after, planned = plan(saved, live)

    assert planned.counts == {"unchanged": 1, "changed": 1, "added": 1, "kept": 1}
    assert after["ada"]["last_sign_in"] == NOW
    assert "have another role again: Bob (manager → user)" in planned.notes


FACTOR = {"secret": "A" * 32, "step": 7, "codes": ["one", "two"]}


@pytest.mark.parametrize(("then", "now", "said"), [
    (FACTOR, FACTOR | {"codes": ["two"], "step": 9}, "keep the second factor of now: Bob"),
    (FACTOR, FACTOR | {"secret": "B" * 32}, "keep the second factor of now: Bob"),
    (None, FACTOR, "keep the second factor of now: Bob"),
    (FACTOR, None, "have no second factor now, and that of then stays away: Bob"),
    (FACTOR, FACTOR, ""), (None, None, ""),
], ids=["a code was used", "renewed since", "set up since", "reset since", "the same", "none"])
@pytest.mark.parametrize("undo", [False, True])
def test_the_second_factor_is_the_one_of_now(then: Doc | None, now: Doc | None, said: str, undo: bool) -> None:
    saved, live = (user("bob", **({"factor": factor} if factor else {})) for factor in (then, now))

    after, planned = plan([ADMIN, saved], [ADMIN, live], undo=undo)

    assert after["bob"].get("factor") == now
    assert [note for note in planned.notes if "second factor" in note] == ([said] if said else [])


def test_recovery_codes_of_an_account_that_is_gone_are_void_and_its_app_still_counts() -> None:
    after, planned = plan([ADMIN | {"factor": FACTOR}], [])

    assert after["ada"]["factor"] == FACTOR | {"codes": []}
    assert "recovery codes are void; new ones are made under their name: Ada" in planned.notes
    assert planned.administrators == ("ada",)
