"""What worker processes are asked to do. Kept apart so that a worker imports nothing it does not need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest

from backup_engine.csv_format.blocks import Documents, Rows
from backup_engine.csv_format.decoder import BadRow, Decoded, Decoder, Tombstone
from backup_engine.csv_format.encoder import Encoded, Encoder, number_orders
from backup_engine.errors import VerificationFailed
from backup_engine.model import Layout
from backup_engine.records.content_sum import EMPTY, Content, digests
from backup_engine.records.digest_rows import rows

__all__ = ["Decode", "Encode", "Measure", "Measured"]


@dataclass(frozen=True)
class Encode:
    """Documents to rows, proven: the rows are decoded again, and a document that does not come back byte for byte is
    kept as its bytes, at the worst with no cell that people can read.

    Without ``prove`` the encoder looks for such documents beforehand, which finds fewer. Raises ``VerificationFailed``
    when even the bytes do not come back.
    """

    encoder: Encoder
    prove: bool = True
    digests: bool = False
    """Whether to give the rows of a table of digests too."""

    def __call__(self, chunk: Documents) -> Encoded:
        if not chunk.documents:
            return Encoded(b"", 0, (), 0)
        encoded, hashes = self._encode(chunk), digests(chunk.documents)
        return replace(encoded, content=Content.of_digests(hashes),
                       digest_rows=rows(chunk.documents, hashes) if self.digests else b"")

    def _encode(self, chunk: Documents) -> Encoded:
        encoded = self.encoder.encode(chunk.documents, deleted=chunk.deleted, guarded=not self.prove)
        wrong = self._wrong(chunk, encoded) if self.prove else []
        as_bytes = set[int]()
        # The cells beside the bytes may not read back either: then they stay empty, rather than that no backup is made.
        for legible in (True, False):
            if not wrong:
                return encoded
            as_bytes.update(wrong)
            encoded = self.encoder.encode(chunk.documents, as_bytes, deleted=chunk.deleted, legible=legible)
            wrong = self._wrong(chunk, encoded)
        if wrong:
            raise VerificationFailed(f"row {chunk.first + wrong[0] + 1} does not read back as it was written")
        return encoded

    def _wrong(self, chunk: Documents, encoded: Encoded) -> list[int]:
        """Positions of the documents that do not come back."""
        columns, known = self.encoder.layout.columns, self.encoder.layout.orders
        # The file's numbers are given later, in the order of its rows; for the proof any numbers do.
        text = number_orders(encoded, lambda names: len(known) + encoded.orders.index(names))
        decoded = Decoder(Layout(columns, known + encoded.orders)).rows(text or b"")
        wanted = [Tombstone(document) for document in chunk.documents] if chunk.deleted else chunk.documents
        if decoded == wanted:
            return []
        pairs = zip_longest(decoded, wanted)
        return [position for position, (came, went) in enumerate(pairs) if came != went and went is not None]


@dataclass(frozen=True)
class Decode:
    """Rows to documents."""

    decoder: Decoder

    def __call__(self, rows: Rows) -> Decoded:
        return self.decoder.decode(rows.text, rows.first)


@dataclass(frozen=True)
class Measured:
    """What rows hold, without the documents themselves."""

    content: Content = EMPTY
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True)
class Measure:
    """Rows to the sum of their documents and tombstones."""

    decoder: Decoder

    def __call__(self, rows: Rows) -> Measured:
        decoded = self.decoder.decode(rows.text, rows.first)
        return Measured(Content.of(decoded.documents) + Content.of(decoded.tombstones), decoded.bad)
