"""What ``recover`` goes by: where backups lie, which pair of list and application data is the newest good one, and what
is in the database already."""
