"""The log: append-only records, claims on values unique across them, and the files and keys kept beside them."""
