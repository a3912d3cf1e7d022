"""The figures of an attack as a row of a table."""

from __future__ import annotations

from scripts.attack_parts.attackers import ATTACKS
from scripts.attack_parts.visitor import Felt

__all__ = ["HEAD", "row"]

MB = 1024 * 1024
HEAD = ("attack", "done", "a page: p50, p95, max", "`/livez`: p50, p95, max", "memory grows by")


def row(attack: str, felt: Felt, seconds: float) -> str:
    """Write one row in Markdown."""
    words = (ATTACKS[attack].__doc__ or "").strip().rstrip(".") if attack else "none"
    done = f"{felt.done:,} in {seconds:g} s" if attack else ""
    cells = (words, done, _times(felt.page), _times(felt.livez), f"{max(0, felt.grown) / MB:,.0f} MB")
    return "| " + " | ".join(cells) + " |"


def _times(quantile: object) -> str:
    return ", ".join(f"{1000 * quantile(share):,.0f}" for share in (0.5, 0.95, 1.0)) + " ms"  # type: ignore[operator]
