"""Mails to one person about the own account: the link after a forgotten password, and what was changed."""
