"""The orders' read model: a row an order, its documents, and the lists."""
