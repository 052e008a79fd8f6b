"""The customers: the orders of each, their sums, and the list of them."""
