"""The server around the page: what runs once per process, its database, the routes of our own, the headers."""
