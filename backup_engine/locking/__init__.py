"""Who may write: the locks of a folder and of a database."""
