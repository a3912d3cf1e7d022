"""A record and its exact bytes: taking BSON apart, comparing, planning changes. Shared with the application."""
