"""The Equipment Records screen, one file per piece."""

from equipment.ui.records.screen import show

__all__ = ["show"]
