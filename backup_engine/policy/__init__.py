"""Pure rules: when a backup is due, which sets may go. Moments come in as arguments."""
