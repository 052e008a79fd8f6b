"""What a reconciliation is: its events, its state, what people decide about it, and how lines are matched."""
