"""Places off this machine, and what of the backups lies there: docs/backup-format.md, "Off the machine"."""
