"""Claims to account and role: by issuer and subject, never by a name somebody else could take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.accounts import oidc
from equipment.accounts.login import SignInRefused, Visitor
from equipment.accounts.oidc import role_of
from equipment.settings import Settings
from equipment.store import moments
from equipment.store.access import SYSTEM, Who, identify
from equipment.store.accounts import users
from equipment.store.accounts.sessions import USUAL

Db = Database[dict[str, Any]]
SETTINGS = Settings(oidc=True, oidc_roles={"lab": "technician", "chiefs": "admin", "guests": "user"})


def claims(**others: Any) -> dict[str, Any]:
    """What a provider says."""
    now = int(moments.now().timestamp())
    return {"iss": "https://id.example", "sub": "1", "name": "Ada", "groups": ["lab"], "iat": now, **others}


def enter(database: Db, settings: Settings = SETTINGS, **others: Any) -> Who:
    """Sign in with these claims."""
    return oidc.enter(database, claims(**others), settings, Visitor(), USUAL)


@pytest.mark.parametrize(("groups", "role"), [
    (["lab"], "technician"), (["guests", "chiefs", "lab"], "admin"), ("lab", "technician"), (["other"], None),
    ([], None), (None, None), ([["lab"]], None), ({"lab": 1}, None), (["LAB"], None), ([7, "guests"], "user"),
])
def test_roles(groups: Any, role: str | None) -> None:
    assert role_of({"groups": groups}, SETTINGS) == role


def test_a_default_role() -> None:
    assert role_of({}, SETTINGS.model_copy(update={"oidc_default_role": "user"})) == "user"


def test_the_first_visit_creates_the_account(database: Db) -> None:
    account = identify(database, enter(database))

    assert account is not None
    assert (account.name, account.role, account.local) == ("Ada", "technician", False)


def test_the_same_person_is_recognised_under_another_name(database: Db) -> None:
    enter(database)
    enter(database, name="Ada Lovelace", groups=["chiefs"])

    assert [(user.name, user.role) for user in users.listed(database, SYSTEM)] == [("Ada", "admin")]


@pytest.mark.parametrize("different", [{"sub": "2"}, {"iss": "https://evil.example"}])
def test_somebody_else_with_the_same_name_is_somebody_else(database: Db, different: dict[str, Any]) -> None:
    users.create(database, SYSTEM, "Ada", "admin")
    enter(database)
    enter(database, **different)

    assert [user.name for user in users.listed(database, SYSTEM)] == ["Ada", "Ada 2", "Ada 3"]


@pytest.mark.parametrize("missing", ["iss", "sub", "groups"])
def test_without_identity_or_role_nobody_gets_in(database: Db, missing: str) -> None:
    with pytest.raises(SignInRefused):
        enter(database, **{missing: None})

    assert not users.exist(database)


@pytest.mark.parametrize("name", ["", "<b>x</b>", "\x00", 7, None, "x" * 10_000])
def test_odd_names(database: Db, name: Any) -> None:
    who = enter(database, name=name, email="ada@lab.example")

    assert who.name in ("ada@lab.example", "x" * 60)


def test_signed_out_everywhere_means_signing_in_again(database: Db) -> None:
    before = int(moments.now().timestamp()) - 60
    enter(database, iat=before)
    users.end_sessions(database, SYSTEM, "ada")

    with pytest.raises(SignInRefused, match="signed out"):
        enter(database, iat=before)
    assert enter(database, iat=int(moments.now().timestamp()) + 1)


def test_disabled_means_out(database: Db) -> None:
    enter(database)
    users.disable(database, SYSTEM, "ada")

    with pytest.raises(SignInRefused):
        enter(database, iat=int(moments.now().timestamp()) + 1)


@pytest.mark.parametrize("iat", [0, None, "x", -1e300, float("nan")])
def test_old_claims_expire(database: Db, iat: Any) -> None:
    enter(database)

    with pytest.raises(SignInRefused, match="expired"):
        enter(database, iat=iat)


def test_an_old_cookie_of_the_provider_expires_with_our_limit(database: Db) -> None:
    enter(database)

    with pytest.raises(SignInRefused, match="expired"):
        enter(database, iat=int((moments.now() - USUAL.longest - timedelta(minutes=1)).timestamp()))


def test_the_last_administrator_keeps_the_role(database: Db) -> None:
    enter(database, groups=["chiefs"])

    account = identify(database, enter(database, groups=["lab"]))

    assert account is not None
    assert account.role == "admin"


def test_it_has_no_password(database: Db) -> None:
    enter(database)

    with pytest.raises(Exception, match="identity provider"):
        users.reset(database, SYSTEM, "ada")


HOUR = 3600


def lately(database: Db, who: Who) -> bool:
    """Tell whether the last proof still counts."""
    account = identify(database, who)
    return account is not None and account.proved_lately(moments.now())


@pytest.mark.parametrize(("told", "fresh"), [
    ({"auth_time": 0}, True), ({"auth_time": 0, "iat": -HOUR}, True), ({"auth_time": -HOUR}, False), ({}, False),
    ({"auth_time": None}, False),
])
def test_a_sign_in_is_as_fresh_as_the_provider_says_and_no_proof_where_it_says_nothing(
    database: Db, told: dict[str, Any], fresh: bool
) -> None:
    now = int(moments.now().timestamp())
    said = {claim: None if ago is None else now + ago for claim, ago in told.items()}

    assert lately(database, enter(database, **said)) is fresh


def test_a_clock_ahead_of_ours_proves_no_longer(database: Db) -> None:
    ahead = int(moments.now().timestamp()) + HOUR
    account = identify(database, enter(database, auth_time=ahead))

    assert account is not None and account.proved is not None and account.proved <= moments.now()


def prove(database: Db, who: Who, **said: Any) -> bool:
    """Come back from the provider, to which one was sent a minute ago; tells whether that is a proof now."""
    oidc.prove(database, who, claims(**said), moments.now() - timedelta(minutes=1))
    return lately(database, who)


def test_who_signed_in_anew_there_has_proved_who_they_are(database: Db) -> None:
    who = enter(database)

    assert prove(database, who, auth_time=int(moments.now().timestamp()))
    assert database["equipment_activity"].find_one({"action": "sign_in.confirmed"})


@pytest.mark.parametrize(("said", "why"), [
    ({}, "does not say when you signed in"), ({"auth_time": "soon"}, "does not say when"),
    ({"auth_time": float("nan")}, "does not say when"), ({"auth_time": True}, "did not ask who you are"),
    ({"auth_time": -HOUR}, "did not ask who you are: by what it says you signed in there 60 minutes ago"),
    ({"auth_time": -130}, "did not ask who you are"), ({"auth_time": 0, "iat": -HOUR}, "without having signed in"),
    ({"auth_time": 0, "iat": None}, "without having signed in"), ({"auth_time": 0, "sub": "2"}, "Somebody else"),
    ({"auth_time": 0, "sub": None}, "Somebody else"), ({"auth_time": 0, "iss": "https://evil.example"}, "Somebody"),
])
def test_what_else_the_provider_says_is_no_proof(database: Db, said: dict[str, Any], why: str) -> None:
    who = enter(database)
    enter(database, sub="2")
    now = int(moments.now().timestamp())
    told = {claim: now + value if type(value) is int else value for claim, value in said.items()}

    with pytest.raises(SignInRefused, match=why):
        prove(database, who, **told)

    assert not lately(database, who)
    assert database["equipment_activity"].find_one({"action": "sign_in.unconfirmed"})


def test_a_session_that_has_ended_proves_nothing(database: Db) -> None:
    who = enter(database)
    users.end_sessions(database, SYSTEM, "ada")

    with pytest.raises(SignInRefused, match="no longer signed in"):
        prove(database, who, auth_time=int(moments.now().timestamp()))
