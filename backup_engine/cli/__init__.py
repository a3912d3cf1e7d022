"""The commands: .venv/bin/python backup_csv_for_db_restore.py --help."""
