"""The page of one record: its fields, its history from changes and backups, its double."""
