"""The peer under the ledger's own gunicorn: the same worker class, workers, threads and settings."""

import sys

from django.core.wsgi import get_wsgi_application

from api.server import Server
from bench.contenders import THREADS, WORKERS

if __name__ == "__main__":
    Server(
        get_wsgi_application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        workers=WORKERS,
        threads=THREADS,
        when_ready=lambda: None,
    ).run()
