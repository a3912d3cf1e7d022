"""The Backup & Restore screen, one file per piece."""
