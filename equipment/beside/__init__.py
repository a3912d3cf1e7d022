"""Heavy work in a process of its own, of lower priority, so that visitors' pages do not wait for it.

A thread that computes holds Python's lock, and each page waits for it at every answer of the database. What is asked
goes through a pipe, secrets included, and so do progress, what the log is to hear, and how it ended.
"""
