"""What worker processes are asked to do. Kept apart so that a worker imports nothing it does not need."""

from __future__ import annotations

from dataclasses import dataclass

from backup_engine.blocks import Documents, Rows
from backup_engine.decoder import BadRow, Decoded, Decoder
from backup_engine.encoder import Encoded, Encoder, number_orders
from backup_engine.model import Layout

__all__ = ["Decode", "Encode", "Measure", "Measured"]


@dataclass(frozen=True)
class Encode:
    """Documents to rows. ``prove``: decode them again at once, for files that the writer cannot open later."""

    encoder: Encoder
    prove: bool = False

    def __call__(self, chunk: Documents) -> Encoded:
        encoded = self.encoder.encode(chunk.documents, chunk.force, deleted=chunk.deleted)
        if not self.prove:
            return encoded
        wrong = self._wrong(chunk, encoded)
        return self.encoder.encode(chunk.documents, {*chunk.force, *wrong}, deleted=chunk.deleted) if wrong else encoded

    def _wrong(self, chunk: Documents, encoded: Encoded) -> list[int]:
        """Positions of the documents that do not come back."""
        columns, known = self.encoder.layout.columns, self.encoder.layout.orders
        layout = Layout(columns, known + encoded.orders)
        text = number_orders(encoded, lambda names: len(known) + encoded.orders.index(names))
        found = Decoder(layout).decode(text or b"")
        if (found.tombstones if chunk.deleted else found.documents) == tuple(chunk.documents):
            return []
        rows = Decoder(layout).decode_each(text or b"")
        return [row for row, (_, document) in enumerate(rows) if document != chunk.documents[row]]


@dataclass(frozen=True)
class Decode:
    """Rows to documents."""

    decoder: Decoder

    def __call__(self, rows: Rows) -> Decoded:
        return self.decoder.decode(rows.text, rows.first)


@dataclass(frozen=True)
class Measured:
    """What rows hold, without the documents themselves."""

    records: int = 0
    digest: int = 0
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True)
class Measure:
    """Rows to the digest of their documents."""

    decoder: Decoder

    def __call__(self, rows: Rows) -> Measured:
        found = self.decoder.decode(rows.text, rows.first)
        return Measured(len(found.documents) + len(found.tombstones), found.digest, found.bad)
