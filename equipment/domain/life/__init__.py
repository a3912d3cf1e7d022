"""What happens to a thing after it is on the list: who has it, and until when. Pure."""
