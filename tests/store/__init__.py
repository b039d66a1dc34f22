"""Facts: the same on SQLite and on PostgreSQL."""
