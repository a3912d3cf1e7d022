"""The way in, for those who are nobody yet: sign-in, first run, recovery on a bare machine."""
