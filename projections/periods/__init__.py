"""Periods as they are asked for, and closed."""
