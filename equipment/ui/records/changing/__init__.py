"""Where records change: cells, forms, many at once, the trash, and the way back."""
