"""Events on the screens: what was done to a thing, what is due, and the plans that ask for it."""
