"""The periods: their reports, and how they are closed."""
