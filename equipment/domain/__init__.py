"""The rules of the list without a database or a screen: fields, dates, roles, searches, edits."""
