"""Exact, crash-safe backups of MongoDB collections as plain CSV. Start at ``backup_engine.api``."""
