"""Accounts, sessions and who may do what, as MongoDB keeps them."""
