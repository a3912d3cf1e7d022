"""Loans on the screens: giving things out, taking them back, reserving them, and who has what."""
