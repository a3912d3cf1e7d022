"""The Activity screen: who did what, when, a deed a row."""

from equipment.ui.deeds.screen import show

__all__ = ["show"]
