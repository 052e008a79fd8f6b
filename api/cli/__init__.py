"""The command line: each file is one subject of it; `run.py` is the list."""
