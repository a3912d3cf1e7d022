"""Who is behind an account: asking for one, names and e-mail, and what each role may do."""
