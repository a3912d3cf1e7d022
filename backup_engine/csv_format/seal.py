"""Compression and encryption as stream layers around the CSV files.

Files are gzip (``.gz``), Zstandard (``.zst``) and age (``.age``, https://age-encryption.org/v1), in that order from
the inside out, so that ``age -d`` and ``zstd -d`` open them without this program.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal, Protocol, cast

from backup_engine.csv_format import age
from backup_engine.errors import BadInput, KeyNeeded, VerificationFailed, WrongKey

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["KEY_HINT", "SUFFIXES", "UNSEALED", "Compression", "Seal", "Sealed", "Sink", "seal_of"]

Compression = Literal["none", "gzip", "zstd"]

SUFFIXES: dict[str, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
ZSTD_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,  # off by default, and then a flipped bit may read as other data
}
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)


class Sink(Protocol):
    """Where bytes go: a draft of the storage, a file."""

    def write(self, data: bytes, /) -> int | None:
        """Append."""


class Sealed(Protocol):
    """A sink with layers on it. ``close`` finishes the layers and leaves the sink open."""

    def write(self, data: bytes, /) -> Any:
        """Append plain bytes."""

    def close(self) -> None:
        """Write what the layers still hold back."""

    def abort(self) -> None:
        """Give up: nothing more reaches the sink."""


@dataclass(frozen=True)
class Seal:
    """How files are stored, and the keys to open them with.

    ``recipients`` are age public keys (``age1…``), ``identities`` age secret keys (``AGE-SECRET-KEY-1…``).
    Whoever has only recipients can write sets but not read them. A passphrase holds a whole file in memory: it is for
    sets that were made with one, and no setting leads to it.
    """

    compression: Compression = "none"
    recipients: tuple[str, ...] = ()
    identities: tuple[str, ...] = field(default=(), repr=False)
    passphrase: str | None = field(default=None, repr=False)
    guests: tuple[str, ...] = ()
    """Public keys that files are encrypted for besides, and that no metadata names: a run's own, a safety set's."""
    phrases: tuple[str, ...] = field(default=(), repr=False)
    """Passphrases to try on files that were made with one."""
    also: Callable[[], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)
    """Gives further identities, asked when an encrypted file is opened."""

    def __post_init__(self) -> None:
        if self.compression not in SUFFIXES:
            raise BadInput(f"Compression {self.compression!r} is not one of none, gzip, zstd")
        if self.recipients and self.passphrase is not None:
            raise BadInput("Choose either a passphrase or recipients for encryption, not both")

    @property
    def encrypts(self) -> bool:
        """Whether files written with this seal are encrypted."""
        return bool(self.recipients) or self.passphrase is not None

    @property
    def reads_own(self) -> bool:
        """Whether files written with this seal can be opened with it."""
        return not self.recipients or bool(self.identities)

    @property
    def has_key(self) -> bool:
        """Whether there is any key of a person's to open encrypted files with; it need not be the right one."""
        return bool(self.identities or self.phrases) or self.passphrase is not None

    def with_keys(self, identities: tuple[str, ...] = (), phrases: tuple[str, ...] = ()) -> Seal:
        """Give a seal that opens with these keys too."""
        return replace(self, identities=(*self.identities, *identities), phrases=(*self.phrases, *phrases))

    def for_run(self, identity: str, *guests: str) -> Seal:
        """Give a seal whose files that one identity opens as well; nothing changes for one that does not encrypt."""
        if not self.recipients:
            return self
        return replace(self, guests=(age.public_half(identity), *guests), identities=(*self.identities, identity))

    @property
    def suffix(self) -> str:
        """What the seal adds to a file name: ``""``, ``.gz``, ``.zst``, each also with ``.age``."""
        return SUFFIXES[self.compression] + (".age" if self.encrypts else "")

    def wrap(self, sink: Sink) -> Sealed:
        """Put the layers on a sink. Raises ``BadInput`` for a key that is none."""
        out: Any = sink
        if self.passphrase is not None:
            out = age.PassphraseWriter(out, self.passphrase)
        elif self.recipients:
            out = age.Writer(out, (*self.recipients, *self.guests))
        # Without a name and a time in gzip's header the same rows are the same bytes whenever they are written.
        if self.compression == "gzip":
            return _Layers(gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0), out)
        if self.compression == "zstd":
            return _Layers(zstd.ZstdFile(out, mode="w", options=ZSTD_OPTIONS), out)
        return _Layers(out)

    def open(self, source: BinaryIO, name: str = "", *, limit: int | None = None) -> BinaryIO:
        """Open stored bytes for reading as plain bytes; closing it leaves the source open.

        ``name`` is a file name or suffix that tells the layers; ``limit`` the plain bytes that may come at most.
        Reading raises ``WrongKey``, and ``VerificationFailed`` for anything damaged, cut short or longer than promised.
        """
        compression, encrypted = seal_of(name)
        layers: list[Any] = [source]
        if encrypted:
            layers.append(self._decrypt(source))
        if compression == "gzip":
            layers.append(gzip.GzipFile(fileobj=layers[-1], mode="rb"))
        elif compression == "zstd":
            layers.append(zstd.ZstdFile(layers[-1], mode="r"))
        return cast(BinaryIO, io.BufferedReader(_Plain(layers, limit, self.has_key), 1 << 18))

    def _decrypt(self, source: BinaryIO) -> BinaryIO:
        phrases = (*((self.passphrase,) if self.passphrase is not None else ()), *self.phrases)
        identities = self.identities + (self.also() if self.also is not None else ())
        if not phrases and not identities:
            raise KeyNeeded("the file is encrypted and no key was given", hint=KEY_HINT)
        start = source.read(age.HEADER)
        again = cast(BinaryIO, _Again(start, source))
        if age.wants_passphrase(start):
            if not phrases:
                raise WrongKey("the file is encrypted with a passphrase, and no passphrase was given", hint=KEY_HINT)
            return age.open_with_passphrases(again, phrases)
        if not identities:
            raise WrongKey("the file is encrypted for a key, not with a passphrase", hint=KEY_HINT)
        return cast(BinaryIO, io.BufferedReader(age.Reader(again, identities), 1 << 18))


KEY_HINT = "Give the identity of these backups: --identity FILE, or paste it in the page."
UNSEALED = Seal()
"""Plain files, the default."""


def seal_of(name: str) -> tuple[Compression, bool]:
    """Tell from a file name or suffix how it is compressed, and whether it is encrypted."""
    encrypted = name.endswith(".age")
    name = name.removesuffix(".age")
    return ("gzip" if name.endswith(".gz") else "zstd" if name.endswith(".zst") else "none"), encrypted


class _Again:
    """A source of which the beginning was read already."""

    def __init__(self, start: bytes, source: BinaryIO) -> None:
        self._start, self._source = start, source

    def read(self, size: int = -1, /) -> bytes:
        if not self._start:
            return self._source.read(size)
        if size < 0:
            data, self._start = self._start + self._source.read(), b""
        else:
            data, self._start = self._start[:size], self._start[size:]
        return data


class _Layers:
    """Closes its layers from the inside out; without layers of its own it leaves the sink alone."""

    def __init__(self, *layers: Any) -> None:
        self.write = layers[0].write
        self._layers = layers

    def close(self) -> None:
        for layer in self._layers:
            if isinstance(layer, (gzip.GzipFile, zstd.ZstdFile, age.Writer, age.PassphraseWriter)):
                layer.close()

    def abort(self) -> None:
        for layer in self._layers:
            if isinstance(layer, (age.Writer, age.PassphraseWriter)):
                layer.abort()


class _Plain(io.RawIOBase):
    """The innermost view: plain bytes, the errors of all layers translated, and never more than promised."""

    def __init__(self, layers: list[Any], limit: int | None, keyed: bool) -> None:
        self._layers = layers[1:]
        self._keyed = keyed
        self._stream = layers[-1]
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._stream.read(len(buffer))
        except BROKEN as error:
            raise VerificationFailed(f"a file is damaged or cut short ({error})") from error
        except WrongKey as error:
            if self._keyed:
                raise
            # the keys of safety sets were tried, which nobody has given
            raise KeyNeeded("the file is encrypted and no key was given", hint=KEY_HINT) from error
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise VerificationFailed("a file holds more than its metadata promises")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            for layer in reversed(self._layers):
                layer.close()
        super().close()
