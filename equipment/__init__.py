"""The equipment list: settings, database, accounts, records and their screens."""
