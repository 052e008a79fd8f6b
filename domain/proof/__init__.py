"""What lets somebody who trusts nobody check one order's history: the pack, and the program in it that checks."""
