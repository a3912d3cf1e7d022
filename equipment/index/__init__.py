"""The list as columns that answer which records, in which order: pure, without the database."""
