"""What is asked of orders: read models made from the log alone, with everything precomputed."""
