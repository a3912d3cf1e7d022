"""A file that is attached to a record: what it is called, what it is, how large it may be. Pure.

What a file is, its bytes say, and never its name: one that is called ``photo.jpg`` and holds a page is kept, and only
ever downloaded.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backup_engine.errors import BadInput, NoSpace

__all__ = ["ANY", "BEGINNING", "LONGEST_NAME", "PICTURES", "PREVIEWED", "Attachment", "Limits", "check_size",
           "clean_name", "kind_of", "size_in_words"]

PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
PREVIEWED: Final = frozenset({*PICTURES, "application/pdf"})
"""What a browser may show; everything else is only downloaded, SVG and HTML above all: they can hold scripts."""
ANY: Final = "application/octet-stream"
BEGINNING: Final = 16
"""Bytes that ``kind_of`` needs."""
LONGEST_NAME: Final = 120
MEGABYTE: Final = 1_000_000
_FORBIDDEN: Final = frozenset('<>:"|?*/\\')
"""What names of files cannot hold on some machine."""
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


@dataclass(frozen=True)
class Limits:
    """How large one file, and all of an installation together, may be, in bytes."""

    file: int
    all: int


@dataclass(frozen=True)
class Attachment:
    """One file of one thing; ``number`` names it, ``thing`` is the record's key."""

    number: str
    thing: str
    record: str
    """The thing's name when it was attached, for when its record is gone."""
    name: str
    type: str
    size: int
    """Bytes."""
    sha256: str
    by: str
    at: datetime
    note: str = ""
    thumbnail: bytes = b""
    """A small JPEG of a picture; empty of everything else."""
    removed: datetime | None = None
    """When it was removed; None while it is there."""
    removed_by: str = ""

    @property
    def is_shown(self) -> bool:
        """Tell whether a browser may show it."""
        return self.type in PREVIEWED


def kind_of(beginning: bytes) -> str:
    """Give the media type that the first bytes of a file say; ``ANY`` for whatever no browser should show."""
    if beginning.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if beginning.startswith(b"%PDF-") else ANY


def clean_name(name: str) -> str:
    """Give a name under which any machine can keep the file: no path, nothing that cannot be seen, not too long."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join("_" if character in _FORBIDDEN else character for character in unicodedata.normalize("NFC", last)
                   if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    tidy = " ".join(seen.split()).strip(". ")
    stem, dot, ending = tidy.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = tidy, ""
    if (stem or ending).split(".")[0].strip().casefold() in _DEVICES:
        stem = f"_{stem}"
    ending = dot + ending if ending else ""
    return (stem[:LONGEST_NAME - len(ending)].rstrip(". ") + ending) or "file"


def check_size(size: int, limits: Limits, together: int) -> None:
    """Raise ``BadInput`` for an empty or too large file, ``NoSpace`` when all together would be too many bytes.

    ``together`` is what they are without it.
    """
    if size == 0:
        raise BadInput("The file is empty.", hint="Choose another one.")
    if size > limits.file:
        raise BadInput(f"The file is larger than {size_in_words(limits.file)}.",
                       hint="Make it smaller, or have an administrator raise EQUIPMENT_FILE_MB.")
    if together + size > limits.all:
        raise NoSpace(f"all files together may have {size_in_words(limits.all)}",
                      hint="An administrator can raise EQUIPMENT_FILES_GB.")


def size_in_words(size: int) -> str:
    """Say a number of bytes as people do."""
    if size >= 1_000 * MEGABYTE:
        return f"{size / 1_000 / MEGABYTE:.1f} GB"
    if size >= MEGABYTE:
        return f"{size / MEGABYTE:.1f} MB"
    return f"{size / 1_000:.0f} kB" if size >= 1_000 else f"{size} bytes"
