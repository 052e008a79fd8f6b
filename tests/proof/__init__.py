"""Proofs: the tree over the log, its signed checkpoints, and the evidence that is handed to auditors."""
