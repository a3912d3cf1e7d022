"""Backups that nobody has to ask for."""
