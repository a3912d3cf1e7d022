"""What is done without the app: the daemon that keeps the schedule, and the files with which the system does."""
