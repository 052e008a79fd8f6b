"""The closing of a period: which events close one, and what it is then."""
