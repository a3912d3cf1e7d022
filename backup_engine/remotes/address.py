"""The address of a place off this machine: what may stand in it, and what may not.

    s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION      S3 and compatible
    gs://BUCKET/PREFIX                                          Google Cloud Storage
    az://CONTAINER/PREFIX?endpoint=https://HOST/ACCOUNT         Azure Blob Storage
    sftp://USER@HOST:PORT/PATH?host_key=SHA256:…                a folder on an SSH server
    file:///PATH                                                a second local or mounted folder

Never a secret: ``credentials`` says where those stand. What else stands behind ``?`` is in ``OPTIONS``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from backup_engine.errors import BadInput
from backup_engine.policy.tiers import TIERS, Tiers

__all__ = ["EXAMPLE", "Address", "check_name", "checked_host_key", "configured", "parse"]

KINDS = ("s3", "gs", "az", "sftp", "file")
KEEP_TIERS = {f"keep_{tier.name}": tier for tier in TIERS}
COMMON = {"keep_days", "limit", "hours", *KEEP_TIERS}
OPTIONS = {
    "s3": {"endpoint", "region", "credentials", "allow"},
    "gs": {"endpoint", "credentials", "allow"},
    "az": {"endpoint", "credentials", "allow"},
    "sftp": {"host_key", "credentials"},
    "file": set[str](),
}
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]*")
_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})")
_CREDENTIALS = re.compile(r"env(:[A-Za-z_][A-Za-z0-9_]*)?|file:/.+|instance-role|none")
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)(K|M)")


@dataclass(frozen=True)
class Address:
    """A parsed address; nothing in it is secret."""

    url: str
    kind: str
    host: str
    """Bucket, container or host; empty for a folder."""
    path: str
    """Prefix in the bucket, without slashes around it; for sftp and folders the path."""
    user: str
    port: int
    options: Mapping[str, str]

    @property
    def shown(self) -> str:
        """For messages: without what stands behind ``?``."""
        return self.url.partition("?")[0]

    def to_read(self, host_key: str = "") -> str:
        """The address for whoever only reads there, on another machine: without retention, rate and hours, and with the
        fingerprint of the SSH server that a person has confirmed."""
        options = {name: value for name, value in self.options.items() if name not in COMMON}
        if self.kind == "sftp" and host_key:
            options.setdefault("host_key", host_key)
        return f"{self.shown}?{urlencode(options, safe='/:')}" if options else self.shown

    @property
    def keep_days(self) -> int:
        """Days after which remote retention may delete a set; 0 keeps everything."""
        return int(self.options.get("keep_days", 0))

    @property
    def tiers(self) -> Tiers:
        """The tiers in which remote retention keeps sets besides."""
        return Tiers(**{tier.name: int(self.options.get(option, 0)) for option, tier in KEEP_TIERS.items()})

    @property
    def bytes_per_second(self) -> float:
        """The most that may be sent in a second; 0 for no limit."""
        found = _LIMIT.fullmatch(self.options.get("limit", ""))
        return float(found[1]) * {"K": 1e3, "M": 1e6}[found[2]] if found else 0.0

    def open_at(self, hour: int) -> bool:
        """Whether uploads may run in that hour of the local day."""
        found = _HOURS.fullmatch(self.options.get("hours", ""))
        if not found:
            return True
        first, last = int(found[1]), int(found[2])
        return first <= hour < last if first < last else hour >= first or hour < last


def configured(text: str) -> dict[str, str]:
    """Understand ``BACKUP_REMOTE``: ``name=URL``, several with blanks or line breaks between them.

    Raises ``BadInput`` for a name twice, a name that is none, an address that is none.
    """
    found: dict[str, str] = {}
    for word in text.split():
        name, separator, url = word.partition("=")
        if not separator or not NAME.fullmatch(name):
            raise BadInput(f"{name!r:.40} cannot name a remote: write name=URL, the name in small letters, digits, - "
                           "and _, several with blanks between them.")
        if name in found:
            raise BadInput(f"Two remotes are called {name}.")
        found[name] = parse(url).url
    return found


def check_name(name: str) -> str:
    """Give the name back if a remote may be called so. Raises ``BadInput``."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadInput(f"{name!r:.40} cannot name a remote: use small letters, digits, - and _, a letter first.")
    return name


def checked_host_key(text: str) -> str:
    """Give the fingerprint of an SSH server's key back if it is one. Raises ``BadInput``."""
    _check_values({"host_key": text})
    return text.rstrip("=")


def parse(url: str) -> Address:
    """Understand an address. Raises ``BadInput`` saying what is wrong, and never repeats what may be a secret."""
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        raise BadInput("The address of a remote cannot be read.", hint=EXAMPLE) from None
    kind = parts.scheme
    if kind not in KINDS:
        raise BadInput(f"{kind or 'no scheme'!r:.20} is no kind of remote: use {', '.join(f'{k}://' for k in KINDS)}.",
                       hint=EXAMPLE)
    if parts.password is not None or parts.fragment or (parts.username and kind != "sftp"):
        raise BadInput("An address holds no secrets: user and password do not belong into it.",
                       hint="Put them into the environment or into a file that credentials=file:/PATH names.")
    options = _options(kind, parts.query)
    user, path = unquote(parts.username or ""), unquote(parts.path)
    address = Address(url, kind, parts.hostname or "", path, user, port, options)
    return _checked(address, parts.netloc)


def _checked(address: Address, netloc: str) -> Address:
    kind, path = address.kind, address.path
    if kind == "file":
        if netloc or not path.startswith("/") or path.rstrip("/") == "":
            raise BadInput("A folder is written file:///PATH, with an absolute path.")
        return _with(address, path=path.rstrip("/"))
    if kind == "sftp":
        if not (address.host and address.user and path.strip("/")):
            raise BadInput("An SSH server is written sftp://USER@HOST:PORT/PATH.")
        return _with(address, path=path.rstrip("/"), port=address.port or 22)
    bucket = netloc  # as written: hostname is in small letters
    if not _BUCKET.fullmatch(bucket):
        raise BadInput(f"{bucket!r:.60} cannot be the name of a bucket.", hint=EXAMPLE)
    prefix = path.strip("/")
    if not _PREFIX.fullmatch(prefix) or any(part in ("", ".", "..") for part in prefix.split("/") if prefix):
        raise BadInput("The prefix in a bucket is letters, digits, and . _ - between single slashes.")
    endpoint = address.options.get("endpoint", "")
    if endpoint:
        _check_endpoint(endpoint, address.options)
    return _with(address, host=bucket, path=prefix)


def _check_endpoint(endpoint: str, options: Mapping[str, str]) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username or parts.password:
        raise BadInput("endpoint is an address such as https://HOST:PORT, without user, password and query.")
    if parts.scheme == "http" and options.get("allow") != "http":
        raise BadInput(f"The endpoint {parts.hostname} would be spoken to without encryption (http).",
                       hint="Use https, or say that it is meant: allow=http")


def _options(kind: str, query: str) -> dict[str, str]:
    known = OPTIONS[kind] | COMMON
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise BadInput(f"{name!r:.30} is no option of {kind}://; known: {', '.join(sorted(known))}.")
        if name in options:
            raise BadInput(f"{name} stands twice in the address of a remote.")
        options[name] = value
    _check_values(options)
    return options


def _check_values(options: Mapping[str, str]) -> None:
    for name, pattern, words in (
        ("hours", _HOURS, "hours of the day such as 20-6"), ("limit", _LIMIT, "a rate such as 500K or 2M, in bytes"),
        ("credentials", _CREDENTIALS, "env, env:NAME, file:/PATH, instance-role or none"),
        ("keep_days", re.compile(r"\d{1,4}"), "a number of days"), ("allow", re.compile("http"), "http"),
        ("host_key", re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?"), "a fingerprint SHA256:…"),
        *((option, re.compile(r"\d{1,4}"), f"a number of {tier.unit}s") for option, tier in KEEP_TIERS.items()),
        ("region", re.compile(r"[a-z0-9-]{1,40}"), "the name of a region"),
    ):
        # the value is not repeated: a secret pasted into the wrong place must not reach a log
        if name in options and not pattern.fullmatch(options[name]):
            raise BadInput(f"{name} must be {words}.")
    for option, tier in KEEP_TIERS.items():
        if int(options.get(option, 0)) > tier.most:
            raise BadInput(f"{option} must be a number of {tier.unit}s, {tier.most:,} at the most.")
        if option in options and not int(options.get("keep_days", 0)):
            raise BadInput(f"{option} says nothing without keep_days: then nothing is deleted there anyway.")
    if "hours" in options:
        first, last = (int(number) for number in options["hours"].split("-"))
        if first > 23 or last > 24 or first == last:
            raise BadInput("hours must be two hours of the day such as 20-6.")
    if "limit" in options and float(options["limit"][:-1]) <= 0:
        raise BadInput("limit must be more than nothing.")


def _with(address: Address, **changes: object) -> Address:
    return Address(**{**address.__dict__, **changes})


EXAMPLE = "Such as s3://bucket/prefix?endpoint=https://host&region=us-east-1, sftp://user@host:22/path, file:///path"
"""What addresses look like, for messages."""
