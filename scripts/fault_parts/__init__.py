"""The parts of ``scripts/faults``: rows, their order, controls of the judges, and the tables of the report."""
