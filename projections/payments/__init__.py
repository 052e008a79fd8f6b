"""The payment journal: a row for each payment and refund, and for whatever became of them."""
