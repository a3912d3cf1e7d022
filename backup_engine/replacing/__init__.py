"""Replacing a collection: steps R2 to R8, and getting over a crash in them."""
