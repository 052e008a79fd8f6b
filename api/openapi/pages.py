"""The OpenAPI document for programs, and Swagger UI with it for people, from files in this repository."""

from functools import cache
from pathlib import Path
from typing import Final

from falcon.asgi import Request, Response

from api import paging
from api.answers import JSON
from api.errors import Problem
from api.openapi.document import document
from api.settings import Settings

DOCS_PATH: Final = "/docs"
_FILES: Final = Path(__file__).with_name("swagger")
_TYPES: Final = {
    "index.html": "text/html; charset=utf-8",
    "integrate.html": "text/html; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
# Nothing of it comes from elsewhere, and nothing of it is sent elsewhere. Swagger UI sets styles of elements.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def _content(name: str) -> bytes:
    """The content of a file of `_TYPES`, read once, since it needs no key and may be asked for often."""
    return (_FILES / name).read_bytes()


class Description:
    """The OpenAPI document, with this service's URL."""

    public = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        base = paging.base_url(req, self._settings).encode()
        resp.content_type = JSON
        resp.data = document().replace(b'"url": "/"', b'"url": "%b"' % base, 1)
        resp.set_header("Cache-Control", "no-cache")

    on_head = on_get


class Docs:
    """The page of Swagger UI with its files, and the page about integration."""

    public = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def on_get(self, req: Request, resp: Response, name: str = "index.html") -> None:
        if name == "integrate":
            name = "integrate.html"
        if name not in _TYPES:
            raise Problem(404, "not-found", "There is nothing at this address.")
        resp.content_type = _TYPES[name]
        base = paging.base_url(req, self._settings).encode()
        content = _content(name)
        resp.data = content.replace(b"{base}", base) if name.endswith(".html") else content
        resp.set_header("Content-Security-Policy", _POLICY)
        resp.set_header("Cache-Control", "no-cache")

    on_head = on_get
