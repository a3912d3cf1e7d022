"""What programs ask of this server, under ``/api/v1``: the same functions as the screens, with a token for a person."""
