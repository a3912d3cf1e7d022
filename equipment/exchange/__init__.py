"""The list out to files and back in: CSV, XLSX, labels."""
