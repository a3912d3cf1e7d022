"""What happens to things, as the database keeps it: loans, events and plans, beside the records and never in them."""
