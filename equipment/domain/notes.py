"""A note of the activity log in words, where a program wrote an object's name and fields into it."""

from __future__ import annotations

import ast

__all__ = ["in_words"]


def in_words(note: str) -> str:
    """Give ``Preferences(interval_hours=2.0, automatic=True)`` as ``interval hours 2, automatic yes``; else it."""
    if not note.endswith(")") or not note.partition("(")[0].isidentifier():
        return note
    try:
        call = ast.parse(note, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return note
    if not isinstance(call, ast.Call) or call.args or not call.keywords:
        return note
    return ", ".join(f"{(field.arg or '').replace('_', ' ')} {_value(field.value)}" for field in call.keywords)


def _value(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return "none" if value in ("", None) else str(value)
    return "none" if ast.unparse(node) in ("{}", "[]", "()") else ast.unparse(node)
