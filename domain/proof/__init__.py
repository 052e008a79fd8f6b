"""The evidence pack, and the program in it: an auditor who trusts nobody checks one order's history with them."""
