"""A reconciliation: its events, its state, people's decisions, and the matching of lines with payments."""
