"""What stands before the page."""
