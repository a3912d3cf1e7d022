"""The programs that are run beside the server: imports, and backups and restores; each with what starts it here."""
