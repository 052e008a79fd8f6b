"""The domain: orders, reconciliations, access keys and periods, their rules, and the log that keeps their events."""
