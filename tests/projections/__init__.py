"""What is asked of orders: whether the read models say what the log says."""
