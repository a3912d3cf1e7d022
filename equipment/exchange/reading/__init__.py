"""Read a table that somebody made: what was guessed about it is said, and can be said otherwise."""
