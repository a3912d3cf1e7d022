"""How one set comes to be: steps W2 to W10 of the commit protocol."""
