"""What happens to a thing after it is on the list: who has it, what was done to it, and what is due. Pure."""
