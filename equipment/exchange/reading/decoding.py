"""The bytes of a text table as text, whatever its encoding; what was guessed is said.

UTF-8 is tried first, as hardly any text in another encoding happens to be UTF-8. A single line that is not, among lines
that are beyond doubt, is read for itself: one cell pasted from elsewhere must not turn every accent of the list into
two wrong letters. What is left is for ``charset-normalizer``, which looks at how letters follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from charset_normalizer import from_bytes

from equipment.exchange.reading.choices import ENCODINGS

__all__ = ["Decoded", "decode"]

SAMPLE = 4_096
GUESSED_FROM = 64 * 1024
"""Bytes of lines with other than ASCII that the guess looks at: 10 MB would take it 6 s."""
NAMED = 5
"""Lines that are named one by one."""
WESTERN = "cp1252"
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NEVER = "\ufffd\x81\x8d\x8f\x90\x9dˆ˜‰¬¨¸¦"
"""Characters of Windows-1252, or none of it, that nobody types into a list."""
_BEFORE_LETTERS = "°©®“‘«„‚–—·•…\xa0"
_LATIN = ("cp1252", "cp1250")
_GUESSED = (*_LATIN, "cp1251", "cp932", "gb18030", "mac_roman")
ODD = 0.2
"""The part of the letters beside ASCII that may look odd in Windows-1252 before anything but Latin letters is thought
of: of ``Söhne``, forty times, the guess alone makes ``Sˆhne``."""


@dataclass(frozen=True)
class Decoded:
    """The text, Python's name of the encoding, and what to tell."""

    text: str
    encoding: str
    notes: list[str] = field(default_factory=list)


def decode(data: bytes, encoding: str = "") -> Decoded:
    """Decode in ``encoding``; without it in UTF-8, with or without BOM, UTF-16 likewise, or what is likeliest."""
    if encoding:
        return _said(data, encoding)
    utf16 = next((name for bom, name in _BOMS if data.startswith(bom)), _utf16_without_bom(data))
    if utf16:
        return Decoded(data.decode(utf16, errors="replace"), "utf-16", ["The file is UTF-16."])
    try:
        return Decoded(data.decode("utf-8-sig"), "utf-8")
    except UnicodeDecodeError:
        return _line_by_line(data) or _likeliest(data)


def _said(data: bytes, encoding: str) -> Decoded:
    if encoding == "utf-16":
        encoding = next((name for bom, name in _BOMS if data.startswith(bom)), _utf16_without_bom(data) or "utf-16-le")
        return Decoded(data.decode(encoding, errors="replace"), "utf-16")
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    return Decoded(text, encoding, _unreadable(text))


def _utf16_without_bom(data: bytes) -> str:
    """Name the kind of UTF-16 by where the zero bytes of its Latin letters, separators and line ends stand."""
    sample = data[:SAMPLE]
    evens, odds = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half and max(evens, odds) > half * 0.4 and min(evens, odds) <= half * 0.05:
        return "utf-16-be" if evens > odds else "utf-16-le"
    return ""


def _line_by_line(data: bytes) -> Decoded | None:
    """Read what is UTF-8 as such and the other lines as Windows-1252; None unless more lines are plainly UTF-8."""
    lines, wrong, plain = list[str](), list[int](), 0
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            lines.append(line.decode("utf-8"))
            plain += not line.isascii()
        except UnicodeDecodeError:
            lines.append(line.decode(WESTERN, errors="replace"))
            wrong.append(number)
    if plain < len(wrong):
        return None
    named = ", ".join(f"{number:,}" for number in wrong[:NAMED])
    more = f" and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
    which = f"Line {named} is" if len(wrong) == 1 else f"Lines {named}{more} are"
    note = f"{which} not UTF-8 and read as Windows-1252. Check the accented letters there."
    return Decoded("\n".join(lines), "utf-8", [note])


def _likeliest(data: bytes) -> Decoded:
    encoding = _guess(data)
    text = data.decode(encoding, errors="replace")
    note = f"The file is not UTF-8; it was read as {ENCODINGS[encoding]}. Check that accented letters look right."
    return Decoded(text, encoding, [note, *_unreadable(text)])


def _guess(data: bytes) -> str:
    sample, telling = b"", data.split(b"\n")
    for line in telling:
        if not line.isascii():
            sample += line + b"\n"
        if len(sample) > GUESSED_FROM:
            break
    western_text = sample.decode(WESTERN, errors="replace")
    odd = _odd(western_text)
    found = from_bytes(sample, cp_isolation=list(_GUESSED if odd > ODD else _LATIN), threshold=0.5)
    best = found.best()
    if best is None or best.encoding not in _GUESSED or str(best) == western_text:
        return WESTERN
    # Of Windows-1250 and -1252, whose letters stand at the same places, it names the first in the alphabet.
    western = next((match for match in found if match.encoding == WESTERN), None)
    as_good = western is not None and odd <= ODD and (
        odd == 0 or (western.chaos <= best.chaos and western.coherence >= best.coherence))
    return WESTERN if as_good else best.encoding


def _odd(text: str) -> float:
    """Say how odd a text looks: letters beside ASCII stand alone among others and are small within small ones; signs
    other than ° or a quote do not stand before one. Gives the part that does not."""
    odd = beside = 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if character.isascii():
            continue
        beside += 1
        if character.isalpha():
            capital_within = character.isupper() and before.islower()
            odd += capital_within or (not before.isascii() and before.isalpha() and not after.isascii())
        else:
            odd += (after.isalpha() and character not in _BEFORE_LETTERS) or character in _NEVER
    return odd / max(1, beside)


def _unreadable(text: str) -> list[str]:
    return ["Some characters could not be read and show as \ufffd."] if "\ufffd" in text else []
