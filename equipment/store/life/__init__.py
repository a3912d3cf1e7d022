"""What happens to things, as the database keeps it: loans and reservations, beside the records and never in them."""
