"""One CSV file to the last byte: docs/backup-format.md, "CSV"."""
