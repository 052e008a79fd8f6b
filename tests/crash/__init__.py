"""What holds when processes die, clients are slow and writers meet: shown with the real service under gunicorn."""
