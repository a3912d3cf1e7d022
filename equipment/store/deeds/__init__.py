"""The activity log by deeds: what people did, each once, with the names of what it was about."""
