"""Why MongoDB cannot be reached, in words that name the remedy and never quote the connection string."""

from __future__ import annotations

import pytest
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from equipment.server.reasons import reason

URI = "mongodb://ada:hunter2@db.lab/"


@pytest.mark.parametrize(("error", "problem", "hint"), [
    (OperationFailure("x", 18, {"errmsg": "Authentication failed."}), "the user name or password is refused", "login"),
    (OperationFailure("bad auth", 8000, {}), "the user name or password is refused", "authSource"),
    (OperationFailure("x", 13, {}), "may not read and write there", "readWrite"),
    (OperationFailure("x", 8, {"errmsg": "Database name is too long."}),
     "the server refuses: Database name is too long (code 8)", "log of MongoDB"),
    (OperationFailure("x", 8), "the server refuses (code 8)", "log of MongoDB"),
    (InvalidURI(f"bad {URI}"), "the connection string cannot be read", "Percent-encode"),
    (ValueError("hunter2"), "the connection string cannot be read", "Percent-encode"),
    (ConfigurationError("The DNS query name does not exist: _mongodb._tcp.h."), "DNS entry cannot be used",
     "mongodb://"),
    (ConfigurationError("Unknown option hunter2"), "options in the connection string cannot be used", "MONGODB_URI"),
    (ServerSelectionTimeoutError("db.lab:27017: hunter2"), "the server does not answer (silence)", "firewall"),
    (NetworkTimeout("db.lab: timed out"), "(silence)", "firewall"),
    (ConnectionFailure("hunter2"), "(silence)", "firewall"),
    (AutoReconnect("hunter2"), "the server does not answer", "firewall"),
    (NotPrimaryError("no"), "the server does not answer", "firewall"),
    (RuntimeError("hunter2"), "the server refuses (RuntimeError)", "firewall"),
])
def test_every_error_has_its_words_and_its_remedy(error: Exception, problem: str, hint: str) -> None:
    said, advice = reason(error, URI)

    assert problem in said
    assert hint in advice
    assert "hunter2" not in said + advice


def test_a_password_with_an_at_sign_is_not_taken_for_a_host() -> None:
    said, advice = reason(ServerSelectionTimeoutError("ss:27017: nobody"), "mongodb://ada:p@ss/word@db.lab/")

    assert (said, "Percent-encode" in advice) == ("the connection string cannot be read", True)
