"""The facts: records, queries and migrations, on SQLite and PostgreSQL alike."""
