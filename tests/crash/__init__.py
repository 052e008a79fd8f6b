"""Claims about dying processes, slow clients and writers that meet: shown with the real service under gunicorn."""
