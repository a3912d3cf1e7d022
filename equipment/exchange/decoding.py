"""The bytes of a text table as text, whatever its encoding; what was guessed is said.

UTF-8 is tried first, as hardly any text in another encoding happens to be UTF-8. A single line that is not, among lines
that are beyond doubt, is read for itself: one cell pasted from elsewhere must not turn every accent of the list into
two wrong letters.
"""

from __future__ import annotations

__all__ = ["decode"]

SAMPLE = 4_096
NAMED = 5
"""Lines that are named one by one."""
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes) -> tuple[str, list[str]]:
    """Decode text: UTF-8 with or without BOM, UTF-16 with or without, else Windows-1252; gives the text and notes."""
    utf16 = next((name for bom, name in _BOMS if data.startswith(bom)), _utf16_without_bom(data))
    if utf16:
        return data.decode(utf16, errors="replace"), ["The file is UTF-16."]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return _line_by_line(data) or _western(data)


def _utf16_without_bom(data: bytes) -> str:
    """Name the kind of UTF-16 by where the zero bytes of its Latin letters, separators and line ends stand."""
    sample = data[:SAMPLE]
    evens, odds = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half and max(evens, odds) > half * 0.4 and min(evens, odds) <= half * 0.05:
        return "utf-16-be" if evens > odds else "utf-16-le"
    return ""


def _line_by_line(data: bytes) -> tuple[str, list[str]] | None:
    """Read what is UTF-8 as such and the other lines as Windows-1252; None unless more lines are plainly UTF-8."""
    lines, wrong, plain = list[str](), list[int](), 0
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            lines.append(line.decode("utf-8"))
            plain += not line.isascii()
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", errors="replace"))
            wrong.append(number)
    if plain < len(wrong):
        return None
    named = ", ".join(f"{number:,}" for number in wrong[:NAMED])
    more = f" and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
    which = f"Line {named} is" if len(wrong) == 1 else f"Lines {named}{more} are"
    return "\n".join(lines), [f"{which} not UTF-8 and read as Windows-1252. Check the accented letters there."]


def _western(data: bytes) -> tuple[str, list[str]]:
    text = data.decode("cp1252", errors="replace")
    notes = ["The file is not UTF-8; it was read as Windows-1252. Check that accented letters look right."]
    if "\ufffd" in text:
        notes.append("Some characters could not be read and show as \ufffd.")
    return text, notes
