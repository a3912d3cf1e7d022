"""Object stores: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage; all through ``obstore``.

The login is always given by us, so that the library never looks for one itself: where it finds none it asks the address
at which clouds hand out the rights of a machine. That happens only for ``credentials=instance-role``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore import exceptions, store as stores

from backup_engine.errors import BackupFileNotFound, RemoteFailed, RemoteRefused
from backup_engine.remotes import credentials
from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Stored, is_key, plain

__all__ = ["ObjectStore", "said"]

CONNECT_SECONDS = 10
SMALL_BYTES = 1 << 20
SMALL_SECONDS = 30
SLOWEST = 50_000
"""Bytes a second below which a connection counts as broken: the time a request may take grows with its size, because
the usual 30 s for everything broke off 16 MB at 400 KB/s."""
_REFUSED = re.compile(r"\b(401|403)\b|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed"
                      r"|NoSuchBucket|ContainerNotFound|InvalidBucketName", re.I)
WORDS = (
    (re.compile(r"^Generic \w+ error: "), ""),
    (re.compile(r"Error performing (?:list|get|put|head|delete) request: "), ""),
    (re.compile(r"Error performing ([A-Z]{3,6} \S+) in [0-9.]{1,20}[a-zµ]{1,2} - "), r"\1: "),
    (re.compile(r"Server returned non-2xx"), "it answered with"),
)
"""What the library says, and what people read."""
_SILENT = re.compile(r"HTTP error: ([\w ]*)$")
"""How ``object_store`` ends when no answer came at all; before it stand its own name and the whole address."""
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


class ObjectStore:
    """A bucket, or a part of one."""

    def __init__(self, address: Address, *, environment: dict[str, str] | None = None) -> None:
        """Raises ``BadInput`` when the login it refers to is not there; nothing is contacted yet."""
        self._address = address
        self._secrets = credentials.of(address, environment)
        self._stores: dict[int, Any] = {}
        self._ranges = True
        """Whether the server can give a part of an object."""

    def describe(self) -> str:
        """Give the address."""
        return self._address.shown

    def weaknesses(self) -> tuple[str, ...]:
        """Say what is known without trying."""
        said = []
        if self._address.options.get("allow") == "http":
            said.append("is spoken to without encryption (http): whoever is on the way can read along")
        if self._address.kind == "gs":
            said.append("has been proven on a stand-in that answers as Google describes it, not at Google")
        return tuple(said)

    def list(self, folder: str) -> Iterator[Stored]:
        """List a prefix, a thousand names a request."""
        with self._named(folder):
            for chunk in obstore.list(self._client(SMALL_BYTES), self._key(folder)):
                for entry in chunk:
                    key = entry["path"].removeprefix(self._prefix)
                    if is_key(key):
                        yield _stored(key, entry)

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write in one request, never as a multipart upload: what dies leaves nothing that stays hidden and is paid."""
        with self._named(key):
            obstore.put(self._client(len(data)), self._key(key), data, mode="create" if create else "overwrite",
                        use_multipart=False)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a range."""
        size = self.stat(key).size
        end = size if length is None else min(size, start + length)
        if end <= start:
            return b""
        with self._named(key):
            if self._ranges and (start, end) != (0, size):
                try:
                    client = self._client(end - start)
                    return bytes(obstore.get_range(client, self._key(key), start=start, end=end))
                except exceptions.GenericError as error:
                    if "non-partial response" not in str(error):
                        raise
                    self._ranges = False  # rclone serve s3 sends everything, whatever it is asked for
            return bytes(obstore.get(self._client(size), self._key(key)).bytes())[start:end]

    def stat(self, key: str) -> Stored:
        """Ask for the head."""
        with self._named(key):
            return _stored(key, obstore.head(self._client(SMALL_BYTES), self._key(key)))

    def delete(self, key: str) -> None:
        """Delete; some stores say that there was none."""
        try:
            with self._named(key):
                obstore.delete(self._client(SMALL_BYTES), self._key(key))
        except BackupFileNotFound:
            return

    def close(self) -> None:
        """Drop the connections."""
        self._stores.clear()

    @property
    def _prefix(self) -> str:
        return f"{self._address.path}/" if self._address.path else ""

    def _key(self, key: str) -> str:
        return self._prefix + key

    def _client(self, size: int) -> Any:
        """One client for each length a request may take: the library has one time-out a client."""
        seconds = SMALL_SECONDS if size <= SMALL_BYTES else SMALL_SECONDS + size // SLOWEST // 60 * 60 + 60
        if seconds not in self._stores:
            options = {"timeout": timedelta(seconds=seconds), "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                       "allow_http": self._address.options.get("allow") == "http"}
            self._stores[seconds] = OPENERS[self._address.kind](
                self._address, self._secrets, {"client_options": options, "retry_config": {"max_retries": 0}})
        return self._stores[seconds]

    @property
    def _host(self) -> str:
        endpoint = self._address.options.get("endpoint", "")
        return urlsplit(endpoint).netloc if endpoint else f"the service of {self._address.kind}"

    @contextmanager
    def _named(self, key: str) -> Iterator[None]:
        where = f"{self._address.shown}: {key}" if key else self._address.shown
        try:
            yield
        except FileNotFoundError as error:
            if _REFUSED.search(str(error)):
                raise RemoteRefused(f"{where}: {said(error)}") from None
            raise BackupFileNotFound(where) from None
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise FileExistsError(where) from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise RemoteRefused(f"{where}: {said(error)}", hint="Check the login and its rights.") from None
        # ValueError: an address the library does not take; OSError: a connection that broke while bytes came
        except (exceptions.BaseError, ValueError, OSError) as error:
            if silent := _SILENT.search(said(error)):
                raise RemoteFailed(f"{self._address.shown}: no answer from {self._host} ({silent[1]})",
                                   hint="Check the address, the network, and whether that server runs.") from None
            kind = RemoteRefused if _REFUSED.search(str(error).partition("\n")[0]) else RemoteFailed
            raise kind(f"{where}: {said(error)}") from None


def said(error: BaseException) -> str:
    """What a library says, fit for people: the first line, without what stands behind ``?`` in an address, where
    signatures are, and of what the server answered only the status and S3's code."""
    text = str(error)
    first = re.sub(r"(https?://[^\s?]*+)(\?[^\s\"')]*+)?", lambda match: match[1] + ("?…" if match[2] else ""),
                   plain(text, 2000))
    code = re.search(r"<Code>([\w.-]{1,60})</Code>", text)
    for wordy, short in WORDS:
        first = wordy.sub(short, first)
    return (re.sub(r"(status code: \d{3}[^:]*):.*", r"\1", first) + (f": {code[1]}" if code else ""))[:300]


def _stored(key: str, entry: Any) -> Stored:
    # The entity tag of an object that was sent in one piece is its MD5 on S3 and what speaks it, unless it is
    # encrypted there with a key of the service: then it never equals, and the bytes are read back.
    tag = _MD5.fullmatch(entry.get("e_tag") or "")
    modified: datetime = entry["last_modified"]
    return Stored(key, int(entry["size"]), modified.astimezone(UTC), tag[1] if tag else "")


def _s3(address: Address, secrets: dict[str, str], common: dict[str, Any]) -> Any:
    options = address.options
    region = options.get("region", "us-east-1")
    config: dict[str, Any] = {
        "bucket": address.host, "region": region, "conditional_put": "etag", "checksum_algorithm": "SHA256",
        "endpoint": options.get("endpoint") or f"https://s3.{region}.amazonaws.com",
        "virtual_hosted_style_request": False, "skip_signature": options.get("credentials") == "none",
    }
    if secrets:
        common = {**common, "credential_provider": lambda: {
            "access_key_id": secrets["ACCESS_KEY_ID"], "secret_access_key": secrets["SECRET_ACCESS_KEY"],
            "token": secrets.get("SESSION_TOKEN"), "expires_at": None}}
    return stores.S3Store(config=config, **common)  # type: ignore[arg-type]


def _gs(address: Address, secrets: dict[str, str], common: dict[str, Any]) -> Any:
    config: dict[str, Any] = {"bucket": address.host, "skip_signature": address.options.get("credentials") == "none"}
    if "SERVICE_ACCOUNT_KEY" in secrets:
        config["service_account_key"] = secrets["SERVICE_ACCOUNT_KEY"]
    elif secrets:
        config["service_account"] = secrets["SERVICE_ACCOUNT"]
    if "endpoint" in address.options:
        config["base_url"] = address.options["endpoint"]
    return stores.GCSStore(config=config, **common)  # type: ignore[arg-type]


def _az(address: Address, secrets: dict[str, str], common: dict[str, Any]) -> Any:
    config: dict[str, Any] = {
        "container_name": address.host, "use_emulator": False,
        "skip_signature": address.options.get("credentials") == "none",
    }
    if "ACCOUNT_NAME" in secrets:
        config["account_name"] = secrets["ACCOUNT_NAME"]
    if "ACCOUNT_KEY" in secrets:
        config["account_key"] = secrets["ACCOUNT_KEY"]
    elif secrets:
        config["sas_key"] = secrets["SAS_TOKEN"]
    if "endpoint" in address.options:
        config["endpoint"] = address.options["endpoint"]
    return stores.AzureStore(config=config, **common)  # type: ignore[arg-type]


OPENERS: dict[str, Callable[[Address, dict[str, str], dict[str, Any]], Any]] = {"s3": _s3, "gs": _gs, "az": _az}
