"""No secret passes, however it came into a line; and what is no secret stays readable."""

from __future__ import annotations

import time
from urllib.parse import quote_plus

import pytest
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, ServerSelectionTimeoutError

from equipment.logs.redaction import Redaction

SECRET = "hunter2-Tr0ub4dor"
ANYWHERE = (
    f"mongodb://ada:{SECRET}@db.lab:27017/?authSource=admin", f"mongodb+srv://ada:{SECRET}@cluster.example.net",
    f"mongodb://ada:with@sign{SECRET}@h", f"https://ada:{SECRET}@backups.example.org/x", f"mongodb://ada:a/{SECRET}@h/",
    f"password={SECRET}", f"password: {SECRET}", f"'pwd': '{SECRET}'", f'{{"Password": "{SECRET}"}}',
    f"EQUIPMENT_ADMIN_PASSWORD={SECRET}", f"MONGODB_URI='{SECRET}'", f"aws_secret_access_key = \"{SECRET}\"",
    f"passphrase={SECRET!r}", f"b'payload': b'{SECRET}\\x00'", f"'payload': b'n,,n=ada,r={SECRET}'",
    f"Cookie: equipment_session_0a1b={SECRET}; other={SECRET}", f"set-cookie: equipment_session={SECRET}; HttpOnly",
    f"{{'cookie': 'equipment_session={SECRET}; x=y'}}", f"(b'cookie', b'equipment_session_0a1b={SECRET}')",
    f"Authorization: Bearer {SECRET}", f"authorization='Basic {SECRET}'", f"Bearer {SECRET}",
    f"GET /account/sign-in?ticket={SECRET}&x=1 failed", f"https://idp/cb?code={SECRET}&state={SECRET}",
    f"/backups/x.zip?key={SECRET}#top", f"https://s3/x?X-Amz-Signature={SECRET}&X-Amz-Credential={SECRET}",
    f"'hash': '$argon2id$v=19$m=65536,t=3,p=4${SECRET}'", f"$argon2id$v=19$m=65536,t=3,p=4${SECRET}",
    f"AGE-SECRET-KEY-1{SECRET.upper().replace('-', '')}", f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----", f"client_secret: {SECRET}",
    f"api-key={SECRET}", f"access_token={SECRET}", f"one-time ticket: {SECRET}",
    f"GET /lab/calendar/{SECRET}.ics failed", f"http://lab/calendar/{SECRET}.ics",
    str(InvalidURI(f"Username and password must be escaped: mongodb://ada:{SECRET}@h:x")),
    str(ConfigurationError(f"Unknown option password={SECRET}")),
    str(ServerSelectionTimeoutError(f"mongodb://ada:{SECRET}@h: timed out")),
    str(OperationFailure(f"bad auth for mongodb://ada:{SECRET}@h", 18, {"ok": 0, "pwd": SECRET})),
    repr({"createUser": "ada", "pwd": SECRET, "roles": []}),
)


@pytest.mark.parametrize("text", ANYWHERE)
def test_a_secret_is_known_by_its_place(text: str) -> None:
    cleaned = Redaction()(f"before {text} after")

    assert SECRET not in cleaned and SECRET.upper().replace("-", "") not in cleaned
    assert "***" in cleaned
    assert cleaned.startswith("before ")


@pytest.mark.parametrize("way", [str, quote_plus, repr, lambda text: f"x{text}y", lambda text: f"{text}/{text}"])
def test_what_is_known_to_be_secret_is_seen_nowhere(way: object) -> None:
    redaction, secret = Redaction(), "a b@c/ü'1"
    redaction.hide([secret])

    assert callable(way)
    assert secret not in redaction(way(secret)) and quote_plus(secret) not in redaction(way(secret))


def test_the_password_of_a_known_connection_string_is_secret_alone_too() -> None:
    redaction = Redaction()
    redaction.hide(["mongodb://ada:p%40ss-word@db.lab/?tls=true", ""])

    assert redaction("it is p@ss-word or p%40ss-word at db.lab") == "it is *** or *** at db.lab"


@pytest.mark.parametrize("text", [
    "sign_in by Ada from 10.0.0.1: user:ada (Firefox)", "backup.auto.created by system: scheduled (430 in Equipment)",
    "the embedded MongoDB ended with code 48", "user.reset by Ada: user:bob (one-time code)",
    "sign_out.everywhere: 3 sessions",
    "the user name or password is refused", "passed: 12, failed: 0", "http://127.0.0.1:8501/", "mail ada@example.org",
    "mongodb://db.lab:27017, database Equipment_DB", "records.edit: record:1f (Location: A → B)", "compass = 'north'",
    "the password has expired: choose another", "/srv/keys/equipment.pem", "no ticket: refused",
])
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction()(text) == text


@pytest.mark.parametrize("text", ["a" * 2_000_000, "1.1." * 500_000, "password=" * 200_000, "://" * 500_000,
                                  "'" * 999_999, "Cookie: '" * 200_000, "\\" * 999_999])
def test_a_huge_text_costs_no_time(text: str) -> None:
    started = time.monotonic()
    Redaction()(text)

    assert time.monotonic() - started < 60  # what grows with the square takes hours
