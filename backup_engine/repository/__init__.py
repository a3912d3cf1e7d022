"""What lies in the backup folder, and reading it without trusting it."""
