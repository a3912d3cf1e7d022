"""A small picture of a picture: decoded within bounds, and written anew, so that nothing of the original but what can
be seen is in it."""

from __future__ import annotations

import io
import logging
import threading
from typing import IO, Final

from PIL import Image, ImageOps

__all__ = ["PIXELS", "SIDE", "made"]

log = logging.getLogger(__name__)
SIDE: Final = 192
"""Pixels of its sides: it is the middle of the picture, so that one of any shape takes a line of the page."""
PIXELS: Final = 50_000_000
"""What is larger is not decoded: a picture of a few kilobytes can unfold to gigabytes."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_one_at_a_time: Final = threading.Lock()
"""A picture takes up to 4 bytes a pixel of memory while it is decoded."""


def made(data: IO[bytes]) -> bytes:
    """Give a JPEG of a picture; empty for what is too large and what no decoder can read."""
    try:
        with _one_at_a_time, Image.open(data, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > PIXELS:
                return b""
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded no larger than needed
            small = ImageOps.fit(picture, (SIDE, SIDE))
            return _as_jpeg(ImageOps.exif_transpose(small))
    except Exception as error:  # noqa: BLE001 - whatever a decoder makes of hostile bytes: the file is kept without
        log.info("no small picture could be made: %s", type(error).__name__)
        return b""


def _as_jpeg(picture: Image.Image) -> bytes:
    seen = picture.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=80)
    return out.getvalue()
