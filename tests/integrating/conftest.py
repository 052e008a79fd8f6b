"""A real browser, pages of another origin, an identity provider, and a service for both: shared by these tests."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import ROOT, Client, Service

ISSUER, AUDIENCE = "https://login.shop.example/", "orders"
_PROVIDERS_KEY = ec.generate_private_key(ec.SECP256R1())


def token(customer: int, seconds: int = 600) -> str:
    """The token that the shop's identity provider gives to a customer who has logged in."""
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(customer), "exp": int(time.time()) + seconds}
    return jwt.encode(said, _PROVIDERS_KEY, "ES256", headers={"kid": "1"})


class Pages:
    """The files of a folder, served at an origin of their own."""

    def __init__(self, folder: Path) -> None:
        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

        self.folder = folder
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The shop's page, as it is in the repository."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "docs" / "shop", folder, dirs_exist_ok=True)
    made = Pages(folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pages: Pages) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    public = jwt.get_algorithm_by_name("ES256").to_jwk(_PROVIDERS_KEY.public_key(), as_dict=True)
    (folder / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": "1", "use": "sig", "alg": "ES256"}]}))
    running = Service(
        folder,
        LEDGER_CORS_ORIGINS=pages.origin,
        LEDGER_JWT_KEYS=str(folder / "jwks.json"),
        LEDGER_JWT_ISSUER=ISSUER,
        LEDGER_JWT_AUDIENCE=AUDIENCE,
        LEDGER_WEBHOOK_NETWORKS="127.0.0.0/8",
    ).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def staff(service: Service) -> Client:
    return service.client(service.key("orders:read", "orders:write", "webhooks:read", "webhooks:write"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()
