"""What never stands in the log: passwords, tokens, cookies, keys, connection strings with a login.

Everything passes here last, as the text of a finished line, so that no way into the log leads past it: messages, their
arguments, tracebacks, words of the driver and of other libraries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

__all__ = ["Redaction"]

STARS = "***"
LONGEST = 64_000
"""Characters that are looked at; the rest is left out, with the word that is cut."""
SHORTEST = 4
"""Letters of a known secret: a shorter one would take away half of every line, and protects nothing."""
NAMES = (r"(?:pass(?:word|wd|phrase)|(?<![a-z])pass(?![a-z])|pwd|secret|token|ticket|cookie|session(?!s\b)|credential|"
         r"authorization|signature|(?:api|access|private)[_-]?key|payload|mongodb_uri)")
NAMED = rf"(?<![A-Za-z])([\w.-]{{0,40}}{NAMES}[\w.-]{{0,40}}"
IN_QUERIES = "key|code|state|sig|auth|id_token|login_hint"

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _without_login(match: re.Match[str]) -> str:
    """Up to the last @ that could end a login: who wrote the address may not have percent-encoded the others."""
    _, at, rest = match[2].rpartition("@")
    return f"{match[1]}{STARS}@{rest}" if at else match[0]


# Whatever repeats gives nothing back (*+), and what only begins like a secret is passed at once: a line is foreign
# text, and 60 backslashes behind a quote that never closes held the interpreter for ever.
RULES: tuple[Rule, ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), STARS),
    (re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,30}+://)([^\s\"'<>]*+)"), _without_login),
    (re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+", re.I), STARS),
    (re.compile(r"\$argon2\w*\$[^\s\"']+"), STARS),
    (re.compile(r"(?<![A-Za-z0-9])eq_[\w-]{20,}+"), STARS),  # a token of our own
    # a JSON web token; what only begins like one is passed as a whole, not begun anew within
    (re.compile(r"\beyJ[\w-]{8,}+(\.[\w-]++\.?+[\w-]*+)?"), lambda match: STARS if match[1] else match[0]),
    (re.compile(r"\b((?:Bearer|Basic|Digest)\s+)[\w+/=.~-]{6,}", re.I), rf"\g<1>{STARS}"),
    # A whole header: a cookie's text goes on after its first semicolon.
    (re.compile(r"\b((?:set-)?cookie|authorization)([\"']?\s*[:=,]\s*)b?([\"'])(?>(?:\\.|(?!\3)[^\\\n])*)\3", re.I),
     rf"\g<1>\g<2>\g<3>{STARS}\g<3>"),
    (re.compile(r"\b((?:set-)?cookie|authorization)(\s*[:=]\s*)(?!b?[\"'])[^\r\n]+", re.I), rf"\g<1>\g<2>{STARS}"),
    # 'name': 'value', name=b"value"; name=value; name: value, of more than letters or long, as in no sentence
    (re.compile(rf"{NAMED}[\"']?\s*[=:]\s*)b?([\"'])(?>(?:\\.|(?!\2)[^\\])*)\2", re.I | re.S),
     rf"\g<1>\g<2>{STARS}\g<2>"),
    (re.compile(rf"{NAMED}=)(?!b?[\"'])[^\s&\"',;)\]}}]+", re.I), rf"\g<1>{STARS}"),
    (re.compile(rf"{NAMED}:\s+)(?![\"']|b[\"'])(\S*\d\S*|\S{{12,}})", re.I), rf"\g<1>{STARS}"),
    (re.compile(r"(/calendar/)[\w-]{8,}+"), rf"\g<1>{STARS}"),  # the one secret that stands in a path
    (re.compile(rf"([?&](?:{IN_QUERIES})=)[^\s&\"'#]+", re.I), rf"\g<1>{STARS}"),
)


class Redaction:
    """The rules above, and the very texts that this installation keeps secret."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def hide(self, texts: Iterable[str]) -> None:
        """Let these secrets never be seen, in any of the ways a connection string or a query may write them."""
        ways = {way for text in texts if text for secret in (text, *_login(text))
                for way in (secret, quote(secret, safe=""), quote_plus(secret), unquote(secret), repr(secret)[1:-1])}
        known = {way for way in {*ways, *self._known} if len(way) >= SHORTEST}
        self._known = tuple(sorted(known, key=len, reverse=True))  # the longest first: one may hold another

    def __call__(self, text: str) -> str:
        """Give the text without secrets."""
        if len(text) > LONGEST:
            text = text[:LONGEST].rsplit(None, 1)[0] + " …"
        for secret in self._known:
            text = text.replace(secret, STARS)
        for pattern, instead in RULES:
            text = pattern.sub(instead, text)
        return text


def _login(text: str) -> tuple[str, ...]:
    """Give the password in a connection string, however it is written."""
    if "://" not in text:
        return ()
    user_and_password = text.partition("://")[2].rpartition("@")[0]
    try:
        parsed = urlsplit(text).password or ""
    except ValueError:
        parsed = ""
    return (user_and_password.partition(":")[2], parsed)
