"""What is sent to subscribers of the ledger: each webhook's cursor over the log, and how events reach its receiver."""
