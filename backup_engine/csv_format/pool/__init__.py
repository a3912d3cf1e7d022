"""Encoding and decoding in processes of their own."""
