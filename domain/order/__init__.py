"""What an order is: its events, its state, the commands and what they decide. Pure: no clock, no I/O."""
