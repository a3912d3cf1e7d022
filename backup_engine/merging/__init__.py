"""Bringing back what a backup has: deciding record by record, writing it, and saying what came of it."""
