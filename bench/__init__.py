"""How fast is the ledger, beside what a shop would pick instead and beside what the machine can do at all?"""
