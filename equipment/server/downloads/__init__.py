"""Files that the server streams besides the list and the backups."""
