"""Small pictures of pictures, and none of what would unfold too far."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from equipment.store.life import thumbnail


def encoded(form: str, mode: str = "RGB", size: tuple[int, int] = (900, 600), **options: Any) -> io.BytesIO:
    data = io.BytesIO()
    Image.new(mode, size, "red" if mode != "RGBA" else (0, 0, 0, 0)).save(data, form, **options)
    data.seek(0)
    return data


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"),
                                            ("WEBP", "RGB"), ("GIF", "P")])
def test_every_picture_that_is_previewed_has_one(form: str, mode: str) -> None:
    with Image.open(io.BytesIO(thumbnail.made(encoded(form, mode)))) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (192, 192))


def test_what_can_be_seen_through_stands_on_white() -> None:
    with Image.open(io.BytesIO(thumbnail.made(encoded("PNG", "RGBA")))) as small:
        assert small.getpixel((5, 5)) == (255, 255, 255)


def test_it_is_turned_as_the_camera_was_and_says_nothing_of_where() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010F] = "the maker"
    photo, upright = Image.new("RGB", (400, 400), "red"), io.BytesIO()
    photo.paste("blue", (0, 0, 400, 200))
    photo.save(upright, "JPEG", exif=exif)

    data = thumbnail.made(upright)

    with Image.open(io.BytesIO(data)) as small:
        red, _, blue = small.getpixel((96, 20))
        assert red > 200 > 50 > blue and not small.getexif()
    assert b"the maker" not in data


def png_that_says(width: int, height: int) -> io.BytesIO:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                      chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


def test_what_would_unfold_too_far_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))

    assert thumbnail.made(png_that_says(50_000, 50_000)) == b""
    assert thumbnail.made(png_that_says(10_000, 5_001)) == b""


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + b"x" * 99, b"GIF89a", b"<svg/>"])
def test_what_no_decoder_reads_has_none(data: bytes) -> None:
    assert thumbnail.made(io.BytesIO(data)) == b""
