"""The equipment list as MongoDB keeps it: records, columns, options, views, trash."""
