"""The log in a PostgreSQL database, for more than one machine."""
