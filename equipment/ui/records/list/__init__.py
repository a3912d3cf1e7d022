"""Browse: the list a page at a time, what narrows it, and what is done with the rows one has ticked."""
