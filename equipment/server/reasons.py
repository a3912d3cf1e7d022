"""Why MongoDB cannot be reached, in words, and the one thing to do about it.

The driver's own text is never repeated whole: it may quote the connection string. What the server or the system said
is, as the reason; neither knows the password.
"""

from __future__ import annotations

import re
from typing import Any

import pymongo
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)

__all__ = ["reason"]

Client = pymongo.MongoClient[dict[str, Any]]

LOGIN_REFUSED = 18
ATLAS_REFUSES = 8000
"""A login ("bad auth"), or a command that this tier does not have."""
UNAUTHORIZED = 13
UNREADABLE = ("the connection string cannot be read",
              "Percent-encode special characters of the password in MONGODB_URI.")
FIREWALL = "Is MongoDB running there, and does a firewall or an access list let this machine in?"
SILENCES = (
    # What OpenSSL, the system and the driver say, on Linux, macOS and Windows; words for us; what to do.
    (r"connection refused|actively refused", "connection refused",
     "Start MongoDB at {where}, or correct the address in MONGODB_URI."),
    (r"name or service not known|nodename nor servname|getaddrinfo failed|no address associated|name resolution",
     "nobody knows the name {host}", "Correct the host in MONGODB_URI, or this machine's DNS."),
    (r"certificate verify failed: ([^(]*[^( ])", r"its certificate is not accepted: \1",
     "Name the certificate authority by tlsCAFile=… in MONGODB_URI, or the host as the certificate does."),
    # A server without TLS hangs up; its driver's words are those of an end in the middle of a record.
    (r"ssl handshake failed|\[ssl|wrong version number|tls", "no TLS is spoken there",
     "Take tls=true out of MONGODB_URI."),
    (r"connection closed|reset by peer|broken pipe", "it closes the connection",
     "Add tls=true to MONGODB_URI if it wants TLS; else see the log of MongoDB."),
    (r"timed out|timeout", "silence", FIREWALL),
)


def reason(error: Exception, uri: str = "", client: Client | None = None) -> tuple[str, str]:
    """Give what is wrong and what to do; ``client`` knows why none of its servers answered, and is not asked again."""
    if isinstance(error, OperationFailure):
        return _refused(error)
    if uri.count("@") > 1:  # the driver looks for a host in the password, and would name it
        return UNREADABLE
    if isinstance(error, ConfigurationError) and not isinstance(error, InvalidURI) and _is_dns(error):
        return ("the host's DNS entry cannot be used: there is no answer for the SRV record of the host",
                "Correct the host in MONGODB_URI, or write mongodb:// and the addresses of all members.")
    if isinstance(error, InvalidURI | ValueError | TypeError) or "Invalid host" in str(error) or "Empty" in str(error):
        return UNREADABLE
    if isinstance(error, ConfigurationError):
        return "the options in the connection string cannot be used", "Correct MONGODB_URI."
    if isinstance(error, ConnectionFailure):
        return _silent(error, uri, client)
    return f"the server refuses ({type(error).__name__})", FIREWALL


def _refused(error: OperationFailure) -> tuple[str, str]:
    said = str((error.details or {}).get("errmsg") or "").strip().rstrip(".")
    if error.code == LOGIN_REFUSED or (error.code == ATLAS_REFUSES and "auth" in str(error).lower()):
        return "the user name or password is refused", "Correct the login or its authSource in MONGODB_URI."
    if error.code == UNAUTHORIZED:
        return ("the database user may not read and write there, or a user name and password are missing",
                "Give the user the role readWrite on this database, or add the login to MONGODB_URI.")
    words = f": {said}" if said else ""
    return f"the server refuses{words} (code {error.code})", "See the log of MongoDB."


def _silent(error: PyMongoError, uri: str, client: Client | None) -> tuple[str, str]:
    begin = "the server does not answer"
    if "%2f" in uri.lower():
        return begin, "Retry in a moment; if it stays so, start MongoDB or this program again."  # behind a socket
    where, said = _words(error, client)
    for pattern, words, hint in SILENCES:
        if found := re.search(pattern, said, re.I):
            host = where.rpartition(":")[0] or where
            return f"{begin} ({found.expand(words).format(host=host)})", hint.format(where=where)
    return f"{begin} ({said or 'silence'})", FIREWALL


def _words(error: PyMongoError, client: Client | None) -> tuple[str, str]:
    """Give host and port of a server, and what the system said when it was last tried: a text, for want of a cause."""
    known = client.topology_description.server_descriptions().values() if client is not None else ()
    for server in known:
        if server.error is not None:
            where = ":".join(str(part) for part in server.address if part is not None)
            text = str(server.error)
            return where, text[text.find(where) + len(where) + 2 if where in text else 0:].partition(" (configured")[0]
    return "the address", "timed out" if isinstance(error, NetworkTimeout) else ""


def _is_dns(error: ConfigurationError) -> bool:
    return any(word in str(error) for word in ("DNS", "resolution lifetime", "nameservers", "SRV"))
