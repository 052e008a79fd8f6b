"""What an order is: its events, its state, its rules, and the log that keeps them."""
