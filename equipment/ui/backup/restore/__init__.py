"""The sub-tab Restore Data: choose a set, look, compare, confirm."""
