"""Signed heads of the log, evidence for one order, and the verification of the whole ledger."""
