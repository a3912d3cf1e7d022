"""What the program tells about itself: one line a deed, on standard error."""
