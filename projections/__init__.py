"""The answers: read models that are made from the log alone, with everything precomputed."""
