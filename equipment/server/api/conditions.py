"""``ETag`` and ``If-Match``: nobody writes over what they have not seen."""

from __future__ import annotations

import hashlib

from equipment.server.api.problems import Problem

__all__ = ["etag", "is_named", "must_match", "stale"]


def etag(document: bytes) -> str:
    """Give the tag of exactly these bytes."""
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'


def is_named(header: str, tag: str, *, weak: bool = False) -> bool:
    """Tell whether one of the tags of a header is this one; with ``weak`` also behind ``W/``, as for reading."""
    named = {each.strip() for each in header.split(",")}
    return tag in named or (weak and (f"W/{tag}" in named or "*" in named))


def must_match(header: str, document: bytes) -> None:
    """Raise a ``Problem`` of 428 without a tag, of 412 when the document is another one by now.

    ``*`` is refused: it would write over whatever is there.
    """
    if header.strip() in ("", "*"):
        raise Problem(428, "PreconditionRequired", "Say which version is meant.",
                      hint="Send the ETag of the record as If-Match.")
    if not is_named(header, etag(document)):
        raise stale(document)


def stale(document: bytes | None) -> Problem:
    """Give the answer to who has not seen the newest version."""
    now = {"ETag": etag(document)} if document is not None else {}
    return Problem(412, "PreconditionFailed", "Somebody has changed the record since it was read.",
                   hint="Read it again, and decide anew.", headers=now)
