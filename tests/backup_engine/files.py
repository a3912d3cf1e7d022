"""Writing documents into memory and reading them back, as the tests of the streams do it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from backup_engine.csv_format.reader import is_as_written, read, read_back
from backup_engine.csv_format.seal import UNSEALED, Seal
from backup_engine.csv_format.writer import write
from backup_engine.model import Part, Written
from backup_engine.records.raw import documents_of


def written(documents: Sequence[bytes], seal: Seal = UNSEALED, **options: Any) -> tuple[bytes, Written]:
    """Give the stored bytes and what writing them established."""
    sink = io.BytesIO()
    result = write([b"".join(documents)] if documents else [], sink, seal=seal, **options)
    return sink.getvalue(), result


def part_of(result: Written, seal: Seal = UNSEALED) -> Part:
    """Describe a written file as metadata would."""
    return Part("equipment", "Equipment", f"equipment_backup_x.csv{seal.suffix}", result.records, result.plain_bytes,
                result.stored_sha256, result.content_sha256, result.blocks, result.layout)


def returned(stored: bytes, result: Written, seal: Seal = UNSEALED, **options: Any) -> list[bytes]:
    """Give the documents a stored file holds."""
    batches = read(io.BytesIO(stored), part_of(result, seal), seal=seal, **options)
    return [document for batch in batches for document in documents_of(batch)]


def detected(stored: bytes, result: Written, seal: Seal = UNSEALED) -> bool:
    """Whether reading back finds these stored bytes to be other than those written."""
    differs = not read_back(io.BytesIO(stored), result, seal=seal).matches(result)
    assert differs is not is_as_written(io.BytesIO(stored), result, seal=seal)
    return differs
