"""Proof at start-up that this machine's libraries reproduce known bytes, before anything rests on them."""

from __future__ import annotations

import io
from functools import cache

from backup_engine.csv_format.reader import read
from backup_engine.csv_format.seal import Compression, Seal
from backup_engine.csv_format.writer import write
from backup_engine.errors import BackupError
from backup_engine.model import Part
from backup_engine.records.content_sum import Content
from backup_engine.records.raw import documents_of

__all__ = ["self_test"]

DOCUMENTS = tuple(map(bytes.fromhex, (
    # one field of each column type
    "a8000000075f696400000102030405060708090a0b02730007000000612c223dc3bc0010690007000000126c0007000000000000000164009a99"
    "99999999b93f08620001097400dc05000000000000136d006e000000000000000000000000003c300575001000000004000102030405060708090a"
    "0b0c0d0e0f036a002a000000046100220000001030000100000001310000000000000000401232000300000000000000000000",
    # _id: null, s: a formula, i: 1.5, j: infinity, x: regular expression
    "330000000a5f696400027300050000003d312b3100016900000000000000f83f016a00000000000000f07f0b78006100690000",
    # the field a twice
    "15000000105f696400010000000a61000861000100",
)))
STORED_SHA256 = "37f33b249824c736f0332fc2c4ffd80e74a782c0f570e2647cfa94357b3aec08"
CONTENT_SHA256 = "4827e06636e7886ebbaf4f7b8d53449c5820bba461777f6afa36593ac66ab0da"
COMPRESSIONS: tuple[Compression, ...] = ("none", "gzip", "zstd")


@cache
def self_test() -> None:
    """Write, read and hash fixed documents, once per process. Raises ``BackupError`` when anything differs."""
    for compression in COMPRESSIONS:
        seal, sink = Seal(compression), io.BytesIO()
        written = write([b"".join(DOCUMENTS)], sink, seal=seal, workers=1, prove=False)  # a proof would mend the text
        part = Part("", "", seal.suffix, written.records, written.plain_bytes, layout=written.layout)
        sink.seek(0)
        returned = [document for batch in read(sink, part, seal=seal, workers=1) for document in documents_of(batch)]
        if tuple(returned) != DOCUMENTS or Content.of(returned).hex != CONTENT_SHA256:
            raise BackupError(f"the self-test failed: documents do not come back ({compression})", hint=ADVICE)
        if compression == "none" and written.stored_sha256 != STORED_SHA256:
            raise BackupError("the self-test failed: the text of known documents differs", hint=ADVICE)


ADVICE = "No backup was written. Install the versions named in requirements.txt."
