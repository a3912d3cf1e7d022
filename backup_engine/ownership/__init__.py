"""Whose a set is: an id that every database has, and what it may do with the sets of others."""
