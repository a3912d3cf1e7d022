"""What the texts of the list mean: dates, numbers with their units, and the order people put them in."""
