"""Apply what a change event says about an update to the document as it was, byte by byte. Pure.

An event names changed places by dotted paths (``updatedFields``, ``removedFields``, ``truncatedArrays``); see
https://www.mongodb.com/docs/manual/reference/change-events/update/. A field whose own name holds a dot looks the
same as a path; where both could be meant, the way into the inner document is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backup_engine.records import raw

__all__ = ["apply_update"]

_DOCUMENT, _ARRAY, _NULL = b"\x03", b"\x04", b"\x0a"
Edit = Callable[[bytes | None], bytes | None]
"""Makes a new element of the old one; None is "not there"."""


def apply_update(document: bytes, description: bytes) -> bytes:
    """Give the document after the update. ``description`` is the event's raw ``updateDescription``."""
    parts = dict(raw.elements(description))
    for _, entry in _inner(parts.get(b"truncatedArrays")):
        fields = dict(raw.elements(entry[1:]))
        document = _edit(document, _string(fields[b"field"]), _truncation(fields[b"newSize"]), False)
    for _, path in _inner(parts.get(b"removedFields")):
        document = _edit(document, _string(path), lambda _: None, False)
    for path, element in _inner(parts.get(b"updatedFields")):
        document = _edit(document, path, lambda _, new=element: new, False)  # type: ignore[misc]
    return document


def _inner(element: bytes | None) -> list[tuple[bytes, bytes]]:
    return raw.elements(element[1:]) if element and element[:1] in (_DOCUMENT, _ARRAY) else []


def _string(element: bytes) -> bytes:
    return element[5:-1]


def _truncation(size: bytes) -> Edit:
    wanted = int(raw.value_of(size))

    def cut(element: bytes | None) -> bytes | None:
        if element is None or element[:1] != _ARRAY:
            return element
        return _ARRAY + raw.build(raw.elements(element[1:])[:wanted])

    return cut


def _edit(document: bytes, path: bytes, edit: Edit, is_array: bool) -> bytes:
    fields = raw.elements(document)
    for name, rest in _ways(path):
        element = _first(fields, name)
        if not rest:
            return _with(fields, name, edit(element), is_array)
        if element is not None and element[:1] in (_DOCUMENT, _ARRAY):
            inner = _edit(element[1:], rest, edit, element[:1] == _ARRAY)
            return _with(fields, name, element[:1] + inner, is_array)
    return _with(fields, path, edit(None), is_array)


def _first(fields: list[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Of a name that a document has twice the server changes and removes the first, and leaves the others."""
    return next((element for known, element in fields if known == name), None)


def _ways(path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every way to read a path as a name and the rest below it; the shortest name first."""
    end = path.find(b".")
    while end >= 0:
        yield path[:end], path[end + 1 :]
        end = path.find(b".", end + 1)
    yield path, b""


def _with(fields: list[tuple[bytes, bytes]], name: bytes, element: bytes | None, is_array: bool) -> bytes:
    place = next((place for place, (known, _) in enumerate(fields) if known == name), len(fields))
    if element is None:
        return raw.build(fields[:place] + fields[place + 1 :])
    if is_array and name.isdigit() and place == len(fields):
        # as the server does: setting place 11 of a list of eight makes nulls of the places between
        fields = fields + [(str(gap).encode(), _NULL) for gap in range(len(fields), int(name))]
        place = len(fields)
    return raw.build([*fields[:place], (name, element), *fields[place + 1 :]])
