"""Sign-in through an identity provider: who the claims say it is, and which role that gives.

Streamlit speaks OpenID Connect (``st.login``) and keeps the verified claims in a signed cookie; this module turns them
into an account and a session of ours. A person is recognised by issuer and subject, never by a name or an address that
somebody else could take.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backup_engine.errors import BadInput
from equipment.accounts.login import SignInRefused, Visitor, in_words, open_for
from equipment.domain.names import LONGEST_NAME, clean_name
from equipment.domain.roles import ROLES, Role
from equipment.settings import Settings
from equipment.store import activity, moments
from equipment.store.access import SESSIONS, USERS, Db, Who, identify
from equipment.store.accounts import administrators, credentials, sessions, users
from equipment.store.accounts.sessions import Lifetimes
from equipment.store.accounts.tickets import digest

__all__ = ["belongs", "enter", "identity_of", "prove", "role_of"]

MOST_NAMESAKES: Final = 100
CLOCKS: Final = timedelta(minutes=1)
"""By which the provider's clock may be behind ours."""
LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


def identity_of(claims: Mapping[str, Any]) -> str | None:
    """Give what identifies a person for good, or None when the claims do not."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not issuer or not subject:
        return None
    return digest(f"{issuer}\n{subject}")


def role_of(claims: Mapping[str, Any], settings: Settings) -> Role | None:
    """Give the most powerful role any value of the role claim is mapped to, else the default, else None."""
    value = claims.get(settings.oidc_role_claim)
    values = value if isinstance(value, list | tuple) else [value]
    roles = [settings.oidc_roles[group] for group in values if isinstance(group, str) and group in settings.oidc_roles]
    return max(roles, key=ROLES.index) if roles else settings.oidc_default_role


def enter(
    db: Db, claims: Mapping[str, Any], settings: Settings, visitor: Visitor, lifetimes: Lifetimes,
    *, now: datetime | None = None,
) -> Who:
    """Open a session for the person the provider vouches for; the account is created at the first visit.

    Raises ``SignInRefused`` when the claims name nobody, give no role, are older than a sign-out or than a sign-in may
    last, or when the account is disabled.
    """
    now = now or moments.now()
    identity, role = identity_of(claims), role_of(claims, settings)
    if identity is None:
        raise SignInRefused("The identity provider did not say who you are.")
    if role is None:
        raise SignInRefused("Your organisation's account has no role here. Ask an administrator.")
    known = credentials.of_identity(db, identity)
    if known is None:
        key = _create(db, claims, settings, identity, role, visitor)
    else:
        key = known.account.key
        _refuse_if_over(_issued(claims), known.signed_out_at, lifetimes, now)
        if known.account.role != role:
            _change_role(db, key, known.account.role, role, visitor)
    return open_for(db, key, visitor, lifetimes=lifetimes, proved=_proved(claims, now), now=now)[0]


def prove(db: Db, who: Who, claims: Mapping[str, Any], begun: datetime, *, now: datetime | None = None) -> None:
    """Take the claims of somebody who was sent to the provider at the moment *begun*, to sign in anew, and comes back.

    Raises ``SignInRefused`` when they are of before that or of somebody else, and unless they say that the person has
    shown the provider since then who they are: that was asked for, so ``auth_time`` has to be there (OpenID Connect
    Core 1.0, 2), and when the claims were issued says nothing of it.
    """
    now, earliest = now or moments.now(), begun - CLOCKS
    account = identify(db, who, now=now)
    if account is None:
        raise SignInRefused("You are no longer signed in. Sign in again.")
    try:
        known = credentials.of_identity(db, identity) if (identity := identity_of(claims)) else None
        if _issued(claims) < earliest:
            raise SignInRefused("You came back without having signed in there.")
        if known is None or known.account.key != account.key:
            raise SignInRefused(f"Somebody else has signed in there: not {account.name}, who is signed in here.")
        signed_in = _moment(claims.get("auth_time"))
        if signed_in is None:
            raise SignInRefused("Your organisation's sign-in does not say when you signed in there, so that it proves "
                                "nothing. Whoever runs it has to let it send auth_time.")
        if signed_in < earliest:
            raise SignInRefused(f"Your organisation's sign-in did not ask who you are: by what it says you signed in "
                                f"there {in_words(now - signed_in)} ago. Sign out there, and try again.")
    except SignInRefused:
        activity.record(db, who, "sign_in.unconfirmed", f"user:{account.key}")
        raise
    sessions.prove(db, who.session, min(now, signed_in))
    activity.record(db, who, "sign_in.confirmed", f"user:{account.key}", note="identity provider")


def belongs(db: Db, who: Who) -> bool:
    """Tell whether the session behind *who* is of an account the provider vouches for."""
    session = db[SESSIONS].find_one({"_id": who.session}, {"user": 1})
    known = credentials.of_key(db, session["user"]) if session else None
    return known is not None and not known.account.local


def _create(
    db: Db, claims: Mapping[str, Any], settings: Settings, identity: str, role: Role, visitor: Visitor
) -> str:
    """Add the account under the name in the claims, with a number when somebody here is called so already."""
    name = _name(claims, settings)
    for number in range(1, MOST_NAMESAKES):
        numbered = f"{name} {number}" if number > 1 else name
        document = users.new_document(numbered, role, "active", by="identity provider")
        try:
            users.insert(db, document | {"source": "oidc", "oidc": identity, "password": None})
        except BadInput:
            already = credentials.of_identity(db, identity)
            if already is not None:  # Another tab was faster.
                return already.account.key
            continue
        activity.record(db, Who("", document["name"], visitor.address), "user.create", f"user:{document['_id']}",
                        after={"name": document["name"], "role": role}, note="identity provider")
        return str(document["_id"])
    raise SignInRefused("Too many people here have your name. Ask an administrator.")


def _name(claims: Mapping[str, Any], settings: Settings) -> str:
    for claim in (settings.oidc_name_claim, "name", "preferred_username", "email"):
        value = claims.get(claim)
        if isinstance(value, str):
            try:
                # Four characters are left for the number of a namesake.
                return clean_name(value[:LONGEST_NAME])[: LONGEST_NAME - 4].strip()
            except BadInput:
                continue
    return "Visitor"


def _change_role(db: Db, key: str, before: Role, after: Role, visitor: Visitor) -> None:
    if before == "admin":
        try:
            administrators.dismiss(db, key)
        except BadInput:
            return  # The last administrator keeps the role until there is another one.
    db[USERS].update_one({"_id": key}, {"$set": {"role": after}})
    if after == "admin":
        administrators.admit(db, key)
    activity.record(db, Who("", "identity provider", visitor.address), "user.role", f"user:{key}",
                    before={"role": before}, after={"role": after})


def _refuse_if_over(
    issued: datetime, signed_out: datetime | None, lifetimes: Lifetimes, now: datetime
) -> None:
    # The claim is in whole seconds: what was issued in the second of the sign-out came after it.
    if signed_out is not None and issued + timedelta(seconds=1) <= signed_out:
        raise SignInRefused("You were signed out. Sign in again.")
    if issued + lifetimes.longest < now:
        raise SignInRefused("Your sign-in has expired. Sign in again.")


def _proved(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Give when the person showed the provider who they are, never later than *now*, whatever its clock says.

    Where it does not say that (``auth_time``), long ago: claims are issued to whom a provider remembers, too.
    """
    return min(now, _moment(claims.get("auth_time")) or LONG_AGO)


def _issued(claims: Mapping[str, Any]) -> datetime:
    """Give when the provider vouched; claims without a time count as long past."""
    return _moment(claims.get("iat")) or LONG_AGO


def _moment(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(seconds), UTC)  # type: ignore[arg-type] # whatever it is, it is tried
    except (TypeError, ValueError, OverflowError, OSError):
        return None
