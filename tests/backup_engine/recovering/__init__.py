"""Tests of what ``recover`` goes by."""
