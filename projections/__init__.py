"""The read models: made from the log alone, with every answer precomputed."""
