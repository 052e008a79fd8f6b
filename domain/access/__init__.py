"""What becomes of an access key: its events, its state. Pure; `domain/log/keys.py` makes keys and asks for them."""
