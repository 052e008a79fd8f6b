"""The payment journal: a row for each payment and refund."""
