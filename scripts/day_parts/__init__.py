"""Parts of ``scripts/day`` and ``scripts/two_servers``: installations left to themselves, and what came of it."""
