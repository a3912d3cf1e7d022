"""What a file is, what it is called, how large it may be."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput, NoSpace
from equipment.domain.life import attachment
from equipment.domain.life.attachment import ANY, LONGEST_NAME, Limits, check_size, clean_name, kind_of, size_in_words

LIMITS = Limits(2_000_000, 3_000_000)


@pytest.mark.parametrize(("data", "kind"), [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF89a", "image/gif"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"), (b"RIFF\x00\x00\x00\x00WAVEfmt ", ANY),
    (b"%PDF-1.7", "application/pdf"), (b" %PDF-1.7", ANY), (b"<html>", ANY), (b"<svg xmlns", ANY),
    (b"PK\x03\x04", ANY), (b"MZ", ANY), (b"\xff\xd8", ANY), (b"", ANY),
])
def test_a_file_is_what_its_bytes_say(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind
    assert (kind in attachment.PREVIEWED) is (kind != ANY)


@pytest.mark.parametrize(("typed", "name"), [
    ("photo.jpg", "photo.jpg"), ("Zertifikat Prüfung.pdf", "Zertifikat Prüfung.pdf"),
    ("../../etc/passwd", "passwd"), ("C:\\Windows\\evil.exe", "evil.exe"), ("..", "file"), ("", "file"), ("/", "file"),
    ("a\x00b\nc\x1b.txt", "abc.txt"), ("invoice\u202egpj.exe", "invoicegpj.exe"), ("\u200b\ufeff", "file"),
    ("CON", "_CON"), ("con.txt", "_con.txt"), ("Lpt1.tar.gz", "_Lpt1.tar.gz"), ("console.txt", "console.txt"),
    ('a<b>:"|?*.pdf', "a_b______.pdf"), (" . name . ", "name"), (".bashrc", "bashrc"), ("\ud800x", "x"),
    ("e\u0301.pdf", "\u00e9.pdf"), ("日本語.pdf", "日本語.pdf"), ("no ending", "no ending"),
])
def test_a_name_is_one_that_any_machine_can_keep(typed: str, name: str) -> None:
    assert clean_name(typed) == name
    assert clean_name(name) == name


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    assert clean_name("x" * 300 + ".pdf") == "x" * (LONGEST_NAME - 4) + ".pdf"
    assert clean_name("x" * 300) == "x" * LONGEST_NAME
    assert len(clean_name("a." + "b" * 300)) == LONGEST_NAME


def test_empty_and_too_large_files_are_refused_and_so_are_too_many_bytes() -> None:
    check_size(2_000_000, LIMITS, 1_000_000)
    with pytest.raises(BadInput, match="empty"):
        check_size(0, LIMITS, 0)
    with pytest.raises(BadInput, match=r"larger than 2\.0 MB"):
        check_size(2_000_001, LIMITS, 0)
    with pytest.raises(NoSpace, match=r"all files together may have 3\.0 MB"):
        check_size(2_000_000, LIMITS, 1_000_001)


@pytest.mark.parametrize(("size", "words"), [
    (999, "999 bytes"), (12_345, "12 kB"), (1_500_000, "1.5 MB"), (20_000_000_000, "20.0 GB")])
def test_sizes_in_words(size: int, words: str) -> None:
    assert size_in_words(size) == words
