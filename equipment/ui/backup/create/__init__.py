"""The sub-tab Create Backup: the button, the sets that are there, their sizes over time."""
