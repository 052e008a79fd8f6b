"""A receiver of webhooks, and a service that may send to it: shared by the tests of webhooks."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from tests.conftest import Client, Service
from tests.waiting import until

WEBHOOKS = "/api/v1/webhooks"
ORDERS = "/api/v1/orders"


class Message(NamedTuple):
    headers: dict[str, str]
    body: bytes
    path: str = "/hooks"

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def position(self) -> int:
        return int(self.json["data"]["position"])

    @property
    def order(self) -> str:
        return str(self.json["data"]["order"])


class Receiver:
    """A receiver that keeps its messages and answers as `answers` says, by default with 204."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: Callable[[Message], tuple[int, dict[str, str], bytes]] = lambda _: (204, {}, b"")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = Message({name.lower(): value for name, value in self.headers.items()}, body, self.path)
                status, headers, answer = receiver.answers(message)
                receiver.messages.append(message)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:  # some tests kill the service
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, seconds: float = 20) -> list[Message]:
        """The messages, as soon as there are `count`."""
        until(lambda: len(self.messages) >= count, seconds)
        return self.messages


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("webhooks")
    running = Service(folder, LEDGER_WEBHOOK_NETWORKS="127.0.0.0/8").start()
    yield running
    running.kill()


@pytest.fixture(scope="package")
def staff(service: Service) -> Client:
    return service.client(service.key("orders:read", "orders:write", "webhooks:read", "webhooks:write"))


@pytest.fixture
def subscribe(staff: Client) -> Iterator[Callable[..., dict[str, Any]]]:
    """A function that makes webhooks, which are removed when the test ends."""
    made: list[str] = []

    def subscribe(**body: Any) -> dict[str, Any]:
        answer = staff.post(WEBHOOKS, json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
        return answer.json()

    yield subscribe
    for webhook in made:
        staff.delete(f"{WEBHOOKS}/{webhook}")
