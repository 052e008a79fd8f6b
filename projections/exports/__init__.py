"""The log for other programs."""
