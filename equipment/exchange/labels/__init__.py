"""QR labels for printing: the sheets, what fits on a label, and the address in its code."""
