"""What there is to ask for. A file here is a resource: its ``OPERATIONS`` are all that the server has to know of it."""
