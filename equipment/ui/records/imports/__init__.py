"""Import, one file per step."""

from equipment.ui.records.imports.screen import show

__all__ = ["show"]
