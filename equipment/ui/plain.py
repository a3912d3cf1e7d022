"""The one door for text of records, files, people, the database and the address into Streamlit's Markdown."""

from __future__ import annotations

import re
from typing import Final

from equipment.logs.lines import visible

__all__ = ["LONGEST", "plain"]

LONGEST: Final = 1_000
"""Characters that are shown unless somebody asks for more: a name found in a database may have millions."""
_ANYWHERE: Final = re.compile(r"[\\`*_{}\[\]$~|<>&:]")
# What begins a heading, a list, or the underline that makes the line before a heading.
_IN_FRONT: Final = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[#+=-]))(.)")
_JOINER: Final = "\u2060"
# Streamlit looks for these once more in what a backslash has already become plain text: icons, its logo, addresses
# (https, www, mail) and arrows. Nothing but another letter in between stops it; the word joiner is one that nobody
# sees. It stands before an address where that does, so that what is copied from its first letter on is right.
_FOUND_ALL_THE_SAME: Final = re.compile(
    r"(?<=:)(?=material[/_]|streamlit:)"
    r"|(?=https?://)|(?<![^\W_])(?=www\.)"
    r"|(?<=[\w.+-])(?=@[\w-]+\.)"
    r"|(?<!\S<)(?<=<)(?=->?(?:\s|$))|(?<!\S-)(?<=-)(?=[->](?:\s|$))|(?<!\S[<>~])(?<=[<>~])(?==(?:\s|$))",
    re.IGNORECASE,
)


def plain(text: str, most: int = LONGEST) -> str:
    """Write text so that Streamlit's Markdown (labels, help, captions, messages) shows it as it is, in one line.

    Control characters and the marks that turn the direction of writing are shown as their escapes, as in the log.
    Beyond ``most`` characters an ellipsis takes the place of the rest.
    """
    line = " ".join(text[: 4 * most].split())
    if len(line) > most or len(text) > 4 * most:
        line = line[: most - 1] + "…"
    words = _FOUND_ALL_THE_SAME.sub(_JOINER, visible(line)).split(" ")
    # The colon of "Serial: 7" begins nothing; those of ":red[", ":smile:" and "::x" do.
    kept = [":" if word.find(":") == len(word) - 1 >= 1 and place < len(words) - 1 else "" for place, word in
            enumerate(words)]
    written = " ".join(_ANYWHERE.sub(r"\\\g<0>", word.removesuffix(colon)) + colon
                       for word, colon in zip(words, kept, strict=True))
    return _IN_FRONT.sub(r"\g<1>\\\g<2>", written)
