"""Identities: the files and texts that hold a person's secret key, or that key under a passphrase.

A file is what ``age-keygen`` writes: comments, and a line ``AGE-SECRET-KEY-1…``. Under a passphrase it is that file as
an age file of its own, in ASCII armor, which ``age -d -i FILE`` asks the passphrase for; so a passphrase never has to
protect, and never has to hold in memory, a file of any length.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backup_engine.csv_format import age
from backup_engine.errors import BackupFileNotFound, BadInput, KeyNeeded, WrongKey
from backup_engine.machine import private
from backup_engine.storage.disk_errors import disk_errors

__all__ = ["Keys", "armored", "fingerprint", "identity_text", "keys_in", "read_file", "wrapped", "write_private"]

_BEGIN, _END = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"
_SECRET = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")
_BINARY = b"age-encryption.org/v1"
MOST_BYTES = 1 << 20
"""An identity file has 200 bytes."""


@dataclass(frozen=True)
class Keys:
    """What a person gave to open sets with."""

    identities: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Keys({len(self.identities)} identities, {len(self.phrases)} passphrases)"


def identity_text(identity: str, when: datetime) -> str:
    """Write an identity as ``age-keygen`` does."""
    return (f"# created: {when.isoformat(timespec='seconds')}\n# public key: {age.public_half(identity)}\n"
            f"{identity}\n")


def wrapped(text: str, passphrase: str) -> str:
    """Put the text of an identity under a passphrase, in ASCII armor. Raises ``BadInput`` for an empty one."""
    if not passphrase:
        raise BadInput("The passphrase is empty.", hint="Five words or more, from nowhere in particular.")
    sealed = bytearray()

    class _Sink:
        def write(self, data: bytes, /) -> int:
            sealed.extend(data)
            return len(data)

    out = age.PassphraseWriter(_Sink(), passphrase)
    out.write(text.encode())
    out.close()
    return armored(bytes(sealed))


def armored(data: bytes) -> str:
    """Write an age file as text: https://age-encryption.org/v1, "ASCII armor"."""
    text = base64.b64encode(data).decode()
    return "\n".join([_BEGIN, *(text[start : start + 64] for start in range(0, len(text), 64)), _END, ""])


def fingerprint(recipient: str) -> str:
    """Name a public key in 16 hexadecimal digits, for comparing by eye: the first of its SHA-256."""
    digits = hashlib.sha256(recipient.encode()).hexdigest()[:16]
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))


def keys_in(text: str | bytes, *, ask: Callable[[], str] | None = None) -> Keys:
    """Understand an identity, one under a passphrase, or a bare passphrase.

    ``ask`` gives the passphrase of a wrapped identity; without it that raises ``KeyNeeded``. Text that is neither is
    taken for the passphrase of a set that was made with one. Raises ``WrongKey``, ``BadInput`` for an empty text.
    """
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    words = data.decode("utf-8", "replace").strip()
    if not words:
        raise BadInput("That holds no key.", hint="An identity is a line that begins with AGE-SECRET-KEY-1.")
    if data.lstrip().startswith(_BINARY) or words.startswith(_BEGIN):
        if ask is None:
            raise KeyNeeded("the identity is under a passphrase", hint="Give the passphrase, too.")
        return _plain_keys(_unwrapped(_bare(data, words), ask()).decode("utf-8", "replace"))
    if _SECRET.search(words.upper()):
        return _plain_keys(words)
    if words.startswith("age1"):
        raise WrongKey("that is a public key, which encrypts and opens nothing",
                       hint="The secret one begins with AGE-SECRET-KEY-1.")
    return Keys(phrases=(words,))


def read_file(path: Path, *, ask: Callable[[], str] | None = None) -> Keys:
    """Read an identity file. Raises ``BadInput`` for one that is missing, no file, or holds no identity."""
    try:
        # NONBLOCK: a pipe laid there would keep the reader waiting for ever
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadInput(f"{path} is no file.")
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"The identity file {path} cannot be read: {error.strerror}.") from error
    keys = keys_in(data[:MOST_BYTES], ask=ask)
    if not keys.identities:
        raise BadInput(f"{path} holds no identity.", hint="It has a line that begins with AGE-SECRET-KEY-1.")
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a file for its owner only; one that is there is never overwritten.

    Raises ``BadInput`` when it is there, ``PermissionDenied`` and ``NoSpace``. Nothing half written stays.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with disk_errors(str(path)):
            descriptor = os.open(path, flags, private.FILE)
    except FileExistsError:
        raise BadInput(f"{path} is there already, and is not overwritten.", hint="Name another file.") from None
    except BackupFileNotFound as error:
        raise BadInput(f"There is no folder {path.parent}.") from error
    try:
        with disk_errors(str(path)), os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:  # Ctrl-C as well
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _plain_keys(text: str) -> Keys:
    # copied from paper or a mail: in small letters, with blanks at the line's end
    identities = tuple(dict.fromkeys(_SECRET.findall(text.upper())))
    for identity in identities:
        age.public_half(identity)
    if not identities:
        raise WrongKey("that holds no age secret key")
    return Keys(identities)


def _bare(data: bytes, words: str) -> bytes:
    if not words.startswith(_BEGIN):
        return data.lstrip()
    body = words.removeprefix(_BEGIN).partition(_END)[0]
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise WrongKey("the identity under a passphrase is not whole") from error


def _unwrapped(data: bytes, passphrase: str) -> bytes:
    opened = age.open_with_passphrases(io.BytesIO(data), (passphrase,))
    return opened.read()
