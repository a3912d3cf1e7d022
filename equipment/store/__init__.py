"""The application's collections; the only code that speaks to MongoDB for it."""
