"""What an attacker does, and what a healthy client feels of it meanwhile.

The suite does each attack in a small form; `make torture` does all at full size and prints a table of numbers. An
attack is a function in `attacks.py`; it runs in a process of its own, so that what it computes is not taken for the
service's.
"""
