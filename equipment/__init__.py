"""The equipment list: settings, database, accounts, records and their screens."""

__version__ = "1.2.0"
