"""Names of months as people write them: English, German, French and Spanish, whole and short, with accents or without.

Full names and abbreviations follow the Unicode CLDR (https://cldr.unicode.org), and what is usual beside them:
``Sept``, ``Jänner``, ``setiembre``, ``Maerz``.
"""

from __future__ import annotations

import unicodedata

__all__ = ["fold", "number_of"]

_NAMES = (
    "january jan januar janner jaenner janvier janv enero ene",
    "february feb februar feber fevrier fevr fev febrero",
    "march mar marz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre set",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre dic",
)
_NUMBERS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}


def fold(text: str) -> str:
    """Give a text without case, accents, wide letters and the many kinds of dashes."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join("-" if unicodedata.category(letter) == "Pd" or letter == "−" else letter
                   for letter in apart if not unicodedata.combining(letter))


def number_of(name: str) -> int:
    """Give the month of a folded name, from 1; 0 when it is none."""
    return _NUMBERS.get(name, 0)
