"""Which keys open the sets: identities of people, what is encrypted and for whom, the keys a run needs itself."""
