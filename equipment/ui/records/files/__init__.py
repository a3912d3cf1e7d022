"""Files on the screens: what is attached to a record, attaching more, and which one is an event's certificate."""
