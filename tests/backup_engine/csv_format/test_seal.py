"""Compression and encryption: what goes in comes out, and nothing else is taken for it."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from collections.abc import Callable

import pyrage
import pytest

from backup_engine.csv_format.seal import Seal, Sink, seal_of
from backup_engine.errors import BackupError, BadInput, NoSpace, VerificationFailed, WrongKey

KEY = pyrage.x25519.Identity.generate()
PUBLIC, SECRET = str(KEY.to_public()), str(KEY)
OTHER = str(pyrage.x25519.Identity.generate())
DATA = os.urandom(300_000) + bytes(200_000)
SEALS = {
    seal.suffix or "plain": seal
    for compression in ("none", "gzip", "zstd")
    for seal in (Seal(compression), Seal(compression, (PUBLIC,), (SECRET,)))  # type: ignore[arg-type]
}


def sealed(seal: Seal, data: bytes = DATA) -> bytes:
    sink = io.BytesIO()
    out = seal.wrap(sink)
    for start in range(0, len(data), 70_000):
        out.write(data[start : start + 70_000])
    out.close()
    return sink.getvalue()


def opened(seal: Seal, stored: bytes, name: str | None = None) -> bytes:
    with seal.open(io.BytesIO(stored), seal.suffix if name is None else name) as plain:
        return plain.read()


@pytest.mark.parametrize("suffix", SEALS)
def test_what_goes_in_comes_out(suffix: str) -> None:
    assert opened(SEALS[suffix], sealed(SEALS[suffix])) == DATA
    assert opened(SEALS[suffix], sealed(SEALS[suffix], b"x")) == b"x"


def test_other_programs_open_the_files() -> None:
    assert gzip.decompress(sealed(SEALS[".gz"])) == DATA
    assert pyrage.decrypt(sealed(SEALS[".age"]), [KEY]) == DATA
    assert gzip.decompress(pyrage.decrypt(sealed(SEALS[".gz.age"]), [KEY])) == DATA
    assert sealed(SEALS[".zst"]).startswith(b"\x28\xb5\x2f\xfd")


def test_a_file_is_the_same_whenever_it_is_written() -> None:
    assert sealed(SEALS[".gz"]) == sealed(SEALS[".gz"])
    assert sealed(SEALS[".zst"]) == sealed(SEALS[".zst"])


@pytest.mark.parametrize("suffix", [suffix for suffix in SEALS if suffix != "plain"])
def test_a_file_that_is_cut_short_is_refused(suffix: str) -> None:
    stored = sealed(SEALS[suffix])

    for cut in (0, 1, 10, 100, len(stored) // 2, len(stored) - 1):
        with pytest.raises(VerificationFailed, match="damaged or cut short"):
            if not opened(SEALS[suffix], stored[:cut]):
                raise VerificationFailed("damaged or cut short: nothing left")


@pytest.mark.parametrize("suffix", [suffix for suffix in SEALS if "age" in suffix])
def test_the_wrong_key_opens_nothing(suffix: str) -> None:
    stored = sealed(SEALS[suffix])

    wrong = [Seal(identities=(OTHER,)), Seal(passphrase="x"), Seal(identities=("AGE-SECRET-KEY-1NONSENSE",)), Seal()]
    for seal in wrong:
        with pytest.raises(WrongKey):
            opened(seal, stored, suffix)


def test_a_passphrase_opens_only_with_itself() -> None:
    seal = Seal("zstd", passphrase="correct horse")
    stored = sealed(seal)

    assert opened(seal, stored) == DATA
    with pytest.raises(WrongKey):
        opened(Seal(passphrase="wrong horse"), stored, seal.suffix)


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".zst.age"])
def test_a_bomb_stops_at_what_was_promised(suffix: str) -> None:
    stored = sealed(SEALS[suffix], bytes(50_000_000))
    read = 0

    with (
        pytest.raises(VerificationFailed, match="more than its metadata promises"),
        SEALS[suffix].open(io.BytesIO(stored), suffix, limit=1_000_000) as plain,
    ):
        while data := plain.read(1 << 16):
            read += len(data)
    assert read <= 1_000_000


@pytest.mark.parametrize("suffix", SEALS)
def test_an_error_of_the_sink_comes_out_and_no_thread_stays(suffix: str) -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise NoSpace("here")

    before = threading.active_count()
    with pytest.raises(NoSpace):
        write_all(SEALS[suffix], Full())
    assert threading.active_count() == before


def write_all(seal: Seal, sink: Sink) -> None:
    out = seal.wrap(sink)
    try:
        out.write(DATA * 4)
        out.close()
    except NoSpace:
        out.abort()
        raise


def test_giving_up_writes_nothing_more() -> None:
    sink = io.BytesIO()
    out = SEALS[".age"].wrap(sink)
    out.write(DATA)
    out.abort()
    size = len(sink.getvalue())
    out.abort()

    assert len(sink.getvalue()) == size < len(DATA) + 100


def test_leaving_a_file_half_read_leaves_no_thread() -> None:
    before = threading.active_count()
    stored = sealed(SEALS[".age"])
    with SEALS[".age"].open(io.BytesIO(stored), ".age") as plain:
        plain.read(10)

    assert threading.active_count() == before


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = sealed(SEALS[".age"])
    monkeypatch.setitem(sys.modules, "pyrage", None)

    with pytest.raises(BackupError, match=r"pyrage is not installed\. Run: \S+ -m pip install pyrage"):
        opened(SEALS[".age"], stored)


@pytest.mark.parametrize("make", [
    lambda: Seal("lzma"),  # type: ignore[arg-type]
    lambda: Seal(recipients=(PUBLIC,), passphrase="x"),
    lambda: Seal(recipients=("age1nonsense",)).wrap(io.BytesIO()),
], ids=["compression", "two ways", "no key"])
def test_what_cannot_be_used_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(BadInput):
        make()


def test_secrets_do_not_show() -> None:
    shown = repr(Seal(identities=(SECRET,), passphrase="hunter2"))

    assert SECRET not in shown and "hunter2" not in shown


def test_names_tell_the_layers() -> None:
    assert seal_of("equipment_backup_20250807_101500.csv") == ("none", False)
    assert seal_of("a.csv.gz") == ("gzip", False)
    assert seal_of("a.csv.zst.age") == ("zstd", True)
    assert Seal("zstd", (PUBLIC,)).suffix == ".zst.age"
    assert not Seal(recipients=(PUBLIC,)).reads_own
