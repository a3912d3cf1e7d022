"""Does a POST come from our own page? And where is this visitor, as far as can be known?"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_own(headers: Mapping[str, str], public_url: str = "") -> bool:
    """Tell whether the browser says that this request was made by a page of this server.

    A missing Origin is refused: every browser sends it with a POST, and what is no browser has no cookie to abuse.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = urlsplit(headers.get("origin", ""))
    if origin.scheme not in ("http", "https") or not origin.netloc:
        return False
    if public_url:
        ours = urlsplit(public_url)
        if (origin.scheme, origin.netloc.lower()) == (ours.scheme, ours.netloc.lower()):
            return True
    return origin.netloc.lower() == headers.get("host", "").lower()


def cookie_path(headers: Mapping[str, str], public_url: str = "", served: str = "") -> str:
    """Give the path below which the browser is to send the cookie, as that browser sees it.

    That of the public address for who came by it, for a proxy may take it off; for anybody else, such as somebody at
    the server itself, the path under which the server answers.
    """
    ours, origin = urlsplit(public_url), urlsplit(headers.get("origin", ""))
    public = ours.path.rstrip("/") if origin.netloc.lower() == ours.netloc.lower() else ""
    return public or served or "/"


def is_secure(scheme: str, headers: Mapping[str, str], public_url: str = "") -> bool:
    """Tell whether the browser came over TLS, so that the cookie must only travel so.

    A forged X-Forwarded-Proto can only make the forger's own cookie stricter.
    """
    forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return scheme == "https" or forwarded == "https" or public_url.startswith("https://")
