"""The parts of ``scripts/mongodb_versions``."""
