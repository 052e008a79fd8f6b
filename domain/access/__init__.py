"""An access key's events and state. Pure; `domain/log/keys.py` makes keys and looks them up."""
