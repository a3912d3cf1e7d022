"""The list's index in files, and the program that makes them."""
