"""The server at the other end: what it can do, reading one instant of it, writing over exactly what was seen."""
