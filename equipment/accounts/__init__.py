"""Signing in: passwords, the first run, sign-up, the identity provider, and the two routes behind the cookie."""
