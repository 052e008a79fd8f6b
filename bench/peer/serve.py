"""The peer under gunicorn's threaded worker, which suits Django best, with the ledger's workers and threads."""

import sys

from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from bench.contenders import THREADS, WORKERS


class Server(BaseApplication):
    def load_config(self) -> None:
        settings = {"bind": [f"127.0.0.1:{sys.argv[1]}"], "workers": WORKERS, "threads": THREADS, "keepalive": 15}
        for name, value in settings.items():
            self.cfg.set(name, value)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("loglevel", "warning")

    def load(self) -> object:
        return get_wsgi_application()


if __name__ == "__main__":
    Server().run()
