"""Bytes of a table as text: one bad byte spoils one line."""

from __future__ import annotations

import pytest

from equipment.exchange.decoding import decode

TEXT = "ID,Ort\r\n1,Zürich\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_usual_encodings(encoding: str) -> None:
    assert decode(TEXT.encode(encoding))[0].removeprefix("\ufeff") == TEXT


def test_one_bad_byte_is_one_line() -> None:
    data = bytes.fromhex("49442c4e616d650a312c4dc3bc6c6c657220cea90a322c426af8726e0a")

    text, notes = decode(data)

    assert text == "ID,Name\n1,Müller Ω\n2,Bjørn\n"
    assert notes == ["Line 3 is not UTF-8 and read as Windows-1252. Check the accented letters there."]


def test_many_bad_lines_are_counted() -> None:
    text, notes = decode("Ä\n".encode() * 20 + b"\xe4\n" * 9)

    assert text == "Ä\n" * 20 + "ä\n" * 9
    assert notes[0].startswith("Lines 21, 22, 23, 24, 25 and 4 more are not UTF-8")


def test_a_file_that_is_hardly_ever_utf_8_is_another_encoding() -> None:
    text, [note] = decode("Zürich\nKöln\nGenève\n".encode("cp1252"))

    assert text == "Zürich\nKöln\nGenève\n"
    assert note.startswith("The file is not UTF-8; it was read as Windows-1252.")
