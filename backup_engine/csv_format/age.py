"""Encryption by age as streams: pyrage pulls from a reader and pushes to a writer, so a thread and a pipe sit between.

https://age-encryption.org/v1. With a passphrase pyrage only works on whole files in memory: sets of before that were
made so still open, new ones are encrypted for keys, and a passphrase protects the key (``keys.identity``).
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from backup_engine.errors import BackupError, BadInput, NoSpace, VerificationFailed, WrongKey

__all__ = ["HEADER", "PassphraseWriter", "Reader", "Writer", "new_identity", "open_with_passphrases", "public_half",
           "recipient", "wants_passphrase"]

HEADER = 64
"""Bytes of a file that tell what kind of key it wants: the first line of the format and the first stanza's."""

IN_MEMORY = 128 * 2**20
"""The largest file a passphrase can protect, in bytes as stored."""


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise BackupError("this set is encrypted and the package pyrage is not installed.",
                          hint=f"Run: {sys.executable} -m pip install pyrage") from error
    return pyrage


def new_identity() -> str:
    """Make a secret key, in memory."""
    return str(_pyrage().x25519.Identity.generate())


def public_half(identity: str) -> str:
    """Give the public key of a secret one. Raises ``WrongKey`` for what is none."""
    pyrage = _pyrage()
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError as error:
        raise WrongKey("that is not an age secret key") from error


def recipient(text: str) -> str:
    """Give a public key that is one. Raises ``BadInput``, which never repeats a secret key that was put there."""
    pyrage = _pyrage()
    try:
        return str(pyrage.x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError:
        if "SECRET" in text.upper():
            raise BadInput("That is a secret key; encryption wants its public half, which begins with age1.",
                           hint="Whoever saw it can read the backups: make a new one.") from None
        raise BadInput(f"{text.strip()!r:.80} is not an age public key (age1…).",
                       hint="`keys new` makes one; copy it whole.") from None


def wants_passphrase(start: bytes) -> bool:
    """Tell from the beginning of a file whether a passphrase opens it, and no key."""
    return b"\n-> scrypt " in start


class _Thread(threading.Thread):
    """Runs one call and keeps what it raised."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="age")
        self._call = call
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - raised again where the stream is used
            self.error = error


class _Push(io.RawIOBase):
    """A sink as pyrage wants it. pyrage drops errors of the writer, so they are kept here."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.error: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if self.error is None:
            try:
                self._sink.write(bytes(data))
            except BaseException as error:
                self.error = error
                raise
        return len(data)


class Writer:
    """Encrypts for recipients what is written to it; ``close`` finishes and leaves the sink open."""

    def __init__(self, sink: Any, recipients: Sequence[str]) -> None:
        pyrage = _pyrage()
        try:
            keys = [pyrage.x25519.Recipient.from_str(key) for key in recipients]
        except pyrage.RecipientError as error:
            raise BadInput(f"That is not an age public key: {error}") from error
        read_end, write_end = os.pipe()
        self._pipe: BinaryIO | None = os.fdopen(write_end, "wb", buffering=0)
        self._push = _Push(sink)
        self._thread = _Thread(lambda: self._run(pyrage, read_end, keys))

    def _run(self, pyrage: Any, read_end: int, keys: list[Any]) -> None:
        with os.fdopen(read_end, "rb") as plain:
            # 10 MB of memory, whatever the size; pyrage's calls on bytes take 1.5 GB for 500 MB.
            pyrage.encrypt_io(plain, self._push, keys)

    def write(self, data: bytes, /) -> int:
        """Append plain bytes; raises what the sink raised."""
        view = memoryview(data)
        try:
            while view:
                assert self._pipe is not None
                view = view[self._pipe.write(view):]
                self._raise()
        except BrokenPipeError:
            # The thread has closed its end: what it met is the reason, the pipe only says that it is gone.
            self._thread.join()
            self._raise()
            raise
        return len(data)

    def close(self) -> None:
        """Finish the file; raises what the sink raised."""
        if self._pipe is None:
            return
        pipe, self._pipe = self._pipe, None
        pipe.close()
        self._thread.join()
        self._raise()

    def abort(self) -> None:
        """Stop without finishing the file; nothing more reaches the sink."""
        # Before the pipe is closed: at its end pyrage writes the last chunk, and the file would look finished.
        self._push.error = self._push.error or OSError("given up")
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        self._thread.join()

    def _raise(self) -> None:
        error = self._push.error or self._thread.error
        if error is not None:
            raise error


class PassphraseWriter:
    """Collects a file in memory and encrypts it on ``close``."""

    def __init__(self, sink: Any, passphrase: str) -> None:
        self._sink = sink
        self._passphrase = passphrase
        self._data: bytearray | None = bytearray()

    def write(self, data: bytes, /) -> int:
        """Append plain bytes; raises ``NoSpace`` beyond what fits in memory."""
        assert self._data is not None
        if len(self._data) + len(data) > IN_MEMORY:
            raise NoSpace("a passphrase protects files up to 128 MiB", hint="Encrypt for an age key instead.")
        self._data += data
        return len(data)

    def close(self) -> None:
        """Encrypt and write everything."""
        if self._data is None:
            return
        data, self._data = bytes(self._data), None
        self._sink.write(_pyrage().passphrase.encrypt(data, self._passphrase))

    def abort(self) -> None:
        """Stop; nothing reaches the sink."""
        self._data = None


class Reader(io.RawIOBase):
    """Decrypts with secret keys what a source holds; reading raises ``WrongKey`` or ``VerificationFailed``."""

    def __init__(self, source: BinaryIO, identities: Sequence[str]) -> None:
        pyrage = _pyrage()
        try:
            keys = [pyrage.x25519.Identity.from_str(key) for key in identities]
        except pyrage.IdentityError as error:
            raise WrongKey("that is not an age secret key") from error
        self._pipe, write_end = os.pipe()
        self._thread = _Thread(lambda: self._run(pyrage, source, write_end, keys))

    def _run(self, pyrage: Any, source: BinaryIO, write_end: int, keys: list[Any]) -> None:
        with os.fdopen(write_end, "wb", buffering=0) as plain:
            try:
                pyrage.decrypt_io(source, plain, keys)
            except pyrage.DecryptError as error:
                raise _translated(error) from error
            except OSError as error:
                raise VerificationFailed(f"an encrypted file is damaged or cut short ({error})") from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = os.read(self._pipe, len(buffer))
        if not data:
            # Only the end tells: of 2.9 MB before a flipped bit pyrage gave 2.88 MB and then the error.
            self._thread.join()
            if self._thread.error is not None:
                raise self._thread.error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            os.close(self._pipe)  # first: the thread may be waiting for room in a pipe that nobody reads any more
            self._thread.join()
        super().close()


def open_with_passphrases(source: BinaryIO, passphrases: Sequence[str]) -> BinaryIO:
    """Decrypt a whole file in memory with the first that fits. Raises ``WrongKey`` or ``VerificationFailed``."""
    pyrage = _pyrage()
    collected, most = bytearray(), IN_MEMORY + 2**20  # age adds its header and 16 bytes to every 64 KiB
    while len(collected) < most and (piece := source.read(most - len(collected))):
        collected += piece
    data = bytes(collected)
    refused: BackupError | None = None
    for passphrase in passphrases:
        try:
            return io.BytesIO(pyrage.passphrase.decrypt(data, passphrase))
        except pyrage.DecryptError as error:
            refused = _translated(error)
            if not isinstance(refused, WrongKey):
                break
        except OSError as error:
            raise VerificationFailed(f"an encrypted file is damaged or cut short ({error})") from error
    assert refused is not None
    raise refused


def _translated(error: Exception) -> BackupError:
    # pyrage has one exception for a wrong key and for a damaged header; only its words differ.
    words = str(error)
    if "matching keys" in words or "Decryption failed" in words or "passphrase" in words.lower():
        return WrongKey("the backup was encrypted for another one")
    return VerificationFailed(f"an encrypted file is damaged or cut short ({words})")
