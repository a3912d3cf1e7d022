"""What stands before the page: who may connect, from which pages, how often, and how much they may send."""
