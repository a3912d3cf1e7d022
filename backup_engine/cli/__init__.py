"""The commands: python backup_csv_for_db_restore.py --help."""
