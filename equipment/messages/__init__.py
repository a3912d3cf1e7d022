"""Somebody is told: what is wrong, what is right again, what was done, and what falls due."""
