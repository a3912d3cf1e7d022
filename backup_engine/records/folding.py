"""What texts have in common for somebody who looks for one: ``cafe`` is ``Café``, ``strasse`` is ``Straße``, full-width
letters are plain ones, and a letter with its accent in one character or in two is the same.

Unicode's compatibility caseless match (The Unicode Standard, 3.13, D146), without accents. Letters and signs that it
leaves as they are become what CLDR's transform Latin-ASCII makes of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

__all__ = ["LONGEST", "fold", "pattern"]

SHORT = 20
"""Characters beyond ASCII in a row that are remembered as folded: letters and words, which come again."""
LONGEST = 200
"""Characters in a pattern; of those with most variants they make 23,000 bytes, and MongoDB takes 32,764."""

MOST_TOGETHER = 4
"""Letters of which every two or three may be one character; with each more the pattern grows by half."""

_ACCENTS = frozenset({1, *range(10, 36), *range(200, 241)})
"""Canonical combining classes of marks that may be left out: overlays, the points of Hebrew and Arabic, accents. Not
the vowels of Indic scripts and Thai, and not the marks that make other syllables in Japanese."""
_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "þ": "th"}
_SIGNS = {"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"',
          "„": '"', "×": "x"}
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"


class _Alike(dict[int, str | None]):
    """What stands for a character; of one that nobody asked about yet, found once."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        alike: str | None = character
        if unicodedata.combining(character) in _ACCENTS:
            alike = None
        elif character.isdecimal():
            alike = str(unicodedata.decimal(character))
        self[code] = alike
        return alike


_ALIKE = _Alike({ord(known): alike for known, alike in (_LETTERS | _SIGNS).items()} | dict.fromkeys(map(ord, _UNSEEN)))


def fold(text: str) -> str:
    """Give a text without case, accents, width and composition; of two that are equal then, one finds the other."""
    if text.isascii():
        return text.lower()
    # Only what is not ASCII takes the long way: nothing in it depends on what is beside it. 2.8 times as fast.
    return _BEYOND.sub(_folded, text).lower()


def _folded(beyond: re.Match[str]) -> str:
    run = beyond[0]
    return _known(run) if len(run) <= SHORT else _without_accents(run)


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # Together again: the syllables of Korean and Japanese are not found by the parts they begin with.
    return unicodedata.normalize("NFC", apart.translate(_ALIKE))


_known = lru_cache(maxsize=10_000)(_without_accents)


def pattern(text: str) -> str:
    """Give a regular expression, for use without regard to case, that finds in a text as it stands what ``fold`` of
    both would: for a search that the database does, which cannot fold.

    It is a list of sets of characters, so it is never slow; letters beyond the usual alphabets are found as they are.
    Of a long text the first ``LONGEST`` characters count.
    """
    wanted, parts, place = fold(text)[:LONGEST], [], 0
    while place < len(wanted):
        end = _end_of_pieces(wanted, place)
        parts.append(_ways(wanted[place:end]))
        place = end
    folded = "".join(parts)
    return folded if text.isascii() else f"(?:{folded}|{re.escape(text[:LONGEST])})"


def _pieces(wanted: str) -> list[str]:
    """Give what a text begins with that one character may stand for, of two letters (ß) or three (ﬃ)."""
    return [wanted[:length] for length in (2, 3) if length <= len(wanted) and wanted[:length] in _variants()]


def _end_of_pieces(wanted: str, place: int) -> int:
    """Say where the letters end that are looked at together: in "sth" the last two may be þ, or the first two ﬆ."""
    end, at = place + 1, place
    while at < end:
        reach = [at + len(piece) for piece in _pieces(wanted[at:]) if at + len(piece) <= place + MOST_TOGETHER]
        end, at = max([end, *reach]), at + 1
    return end


def _ways(wanted: str) -> str:
    """Give what finds a few letters in every way in which characters may stand for them."""
    if not wanted:
        return ""
    ways = [_spelled(wanted[0]) + _ways(wanted[1:])]
    ways += [f"[{re.escape(_variants()[piece])}]{_MARKS}" + _ways(wanted[len(piece):]) for piece in _pieces(wanted)]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _spelled(letter: str) -> str:
    return f"[{re.escape(letter + _variants().get(letter, ''))}]{_MARKS if letter.isalpha() else ''}"


_MARKS = "[\u0300-\u036f]*"
_ALPHABETS = (range(0x80, 0x250), range(0x370, 0x500), range(0x1E00, 0x2214), range(0xFB00, 0xFB07),
              range(0xFF01, 0xFF5F))


@cache
def _variants() -> dict[str, str]:
    """By folded text, the other small letters and signs that fold to it."""
    found: dict[str, str] = {}
    for character in (chr(code) for codes in _ALPHABETS for code in codes):
        folded = fold(character)
        if folded and folded != character == character.lower():
            found[folded] = found.get(folded, "") + character
    return found
