"""Files that the server streams: the list, backups, the activity log."""
