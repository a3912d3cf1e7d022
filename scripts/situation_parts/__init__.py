"""The parts of ``scripts/situations``: a file for each kind, with its SITUATIONS; ``everything`` has all."""
