"""How fast is the ledger, compared with a shop's alternative and with the machine's limit?"""
