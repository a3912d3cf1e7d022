"""Rows that are no rows of ours: each is named and stays in its place, and every other row is given."""

from __future__ import annotations

from base64 import b64encode

import bson
import pytest

from backup_engine.csv_format.decoder import BadRow, Decoder
from tests.backup_engine.files import written

DOCUMENTS = [bson.encode({"_id": number, "n": number}) for number in range(20)]


def cell(document: bytes) -> bytes:
    """A row of nothing but a document's bytes."""
    return b',,"{""bson"":""' + b64encode(document) + b'""}"'


BAD_ROWS = [b"1,2", b"1,2,,", b'1,"2,', b'1,x"2",', b"1,\0,", b"1,~nonsense,", b"1,~{\"$odd\":1},", b"1,\xff,",
            b'1,2,"{""order"":7}"', b'1,2,"{""odd"":1}"', b"1,2,x", b'1,2,"{""bson"":""!""}"', b"1,9999999999,",
            b'1,"~{""$date"":""x""}",', b'1,"~{""$numberDecimal"":""x""}",',
            cell(b"abc"), cell(b""), cell(DOCUMENTS[0][:-1]), cell(DOCUMENTS[0] + b"\0"), cell(DOCUMENTS[0] * 2)]


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_a_bad_row_spoils_no_other(bad: bytes) -> None:
    stored, result = written(DOCUMENTS)
    _, rows = stored.replace(b"\r\n7,7,", b"\r\n" + bad).split(b"\r\n", 1)

    items = dict(Decoder(result.layout).decode_each(rows))
    broken = items.pop(8)

    assert isinstance(broken, BadRow) and broken.row == 8 and broken.why
    assert list(items.values()) == DOCUMENTS[:7] + DOCUMENTS[8:]
