"""Restores, merges and undos for the screens: what they did in numbers, the past ones, and what needs none."""
