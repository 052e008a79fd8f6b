"""Does deploy/nginx.conf work in a real nginx: links right, forged headers ignored, slow clients left to nginx?"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Service
from tests.ports import free_port, is_free
from tests.waiting import until

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
ORDERS = "/api/v1/orders"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("behind"), LEDGER_TRUSTED_PROXIES="127.0.0.1", workers=1).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def port(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port on which nginx listens."""
    folder, listens = tmp_path_factory.mktemp("nginx"), free_port()
    shown = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "server 127.0.0.1:8000;" in shown
    assert "listen 80;" in shown
    behind = shown.replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    (folder / "ledger.conf").write_text(behind.replace("listen 80;", f"listen 127.0.0.1:{listens};"))
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        f" http {{ access_log off; {temporary} include {folder}/ledger.conf; }}"
    )
    nginx = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    until(lambda: not is_free(listens))
    yield listens
    nginx.terminate()
    nginx.wait(timeout=10)


@pytest.mark.parametrize("prefix", ["", "/ledger"])
def test_links_lead_back_through_nginx_whatever_headers_a_client_sends(
    service: Service, port: int, prefix: str
) -> None:
    staff = service.client(service.key("orders:read", "orders:write"))
    base = f"http://127.0.0.1:{port}{prefix}"
    for _ in range(2):
        assert staff.post(base + ORDERS, json={"items": [{}]}).status_code == 201
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "6.6.6.6",
        "Forwarded": "host=evil.example",
    }
    page = staff.get(base + ORDERS, params={"limit": 1}, headers=forged).json()
    assert page["next"].startswith(f"{base}{ORDERS}?")
    assert staff.get(page["next"]).status_code == 200


def test_a_slow_client_keeps_nobody_waiting(service: Service, port: int) -> None:
    """The service has one worker, and hundreds of clients send their requests byte by byte."""
    slow = []
    for _ in range(200):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n{")
        slow.append(client)
    staff = service.client(service.key("orders:read"))
    began = time.monotonic()
    for _ in range(20):
        assert staff.get(f"http://127.0.0.1:{port}{ORDERS}").status_code == 200
    assert time.monotonic() - began < 2
    for client in slow:
        client.close()
