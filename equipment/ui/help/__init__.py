"""The ? menu at the top: keyboard shortcuts, the documentation, and what this installation is."""

from __future__ import annotations

from equipment.ui.help.menu import draw

__all__ = ["draw"]
