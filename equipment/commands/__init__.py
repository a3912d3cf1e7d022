"""What ``python -m equipment`` can do, one file a command."""
