"""The reconciliations' read model."""
