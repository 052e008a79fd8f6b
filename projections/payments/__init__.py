"""The payment journal: a row for each payment, each refund, and each later failure, chargeback, reversal or void."""
