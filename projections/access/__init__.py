"""The access keys: a row for each, with its state."""
