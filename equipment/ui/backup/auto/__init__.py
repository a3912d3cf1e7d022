"""Auto Backup: one file for each section of the sub-tab."""
