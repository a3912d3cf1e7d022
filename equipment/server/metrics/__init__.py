"""What a monitor records over time: every number that ``/metrics`` tells, and what it is read from."""
