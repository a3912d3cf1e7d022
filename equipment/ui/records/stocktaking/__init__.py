"""Stocktaking on the screens: a place, what is there, and what was found."""
