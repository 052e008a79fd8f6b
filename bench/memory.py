"""The memory limit: what can Falcon and gunicorn serve at all, set up as the service is?

The same kind of app under the same server, with bodies that the ledger answered before and that come from memory: no
key is looked up, no query is read, nothing is counted.
"""

import sys
from pathlib import Path

import msgspec
from falcon.asgi import App, Request, Response

from api import shop, storefront
from api.places import CONNECTIONS_MAX, Places
from api.server import Server
from bench.contenders import WORKERS


class Remembered:
    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies

    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = "application/json"
        resp.data = self._bodies[f"{req.get_header('Authorization')} {req.relative_uri}"]


def main(bodies: str, port: str) -> None:
    def make_app() -> App[Request, Response]:
        remembered = Remembered(msgspec.msgpack.decode(Path(bodies).read_bytes()))
        app: App[Request, Response] = App()
        app.req_options.strip_url_path_trailing_slash = True
        for path in (shop.PATH, storefront.PATH):
            app.add_route(path, remembered)
        return app

    Server(make_app, Places(CONNECTIONS_MAX, bool), bind=[f"127.0.0.1:{port}"], workers=WORKERS).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
