"""The order: its events, its state, its commands and their decisions. Pure: no clock, no I/O."""
