"""A client of the order ledger: one file, Python 3.11 or newer, the standard library alone. Copy it, and change it.

    ledger = Ledger("https://orders.example.com", key)
    order = ledger.create({"currency": "EUR", "customer": {"id": 7}, "items": [{"unit_price": "79.99"}]})
    ledger.pay(order["id"], Decimal("79.99"), provider="stripe", reference="pi_88")
    for order in ledger.orders(is_paid="false"):
        print(order["id"], order["amount_outstanding"])

Each command has an `Idempotency-Key`, so that it can be repeated where no answer came, and is done once. Amounts come
as `Decimal`, never as a float.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

ATTEMPTS_MAX = 6
PAUSE_SECONDS_MAX = 60
ANSWER_SECONDS_MAX = 30
QUIET_SECONDS_MAX = 45  # a stream has a heartbeat every 15
AWAY = {429, 502, 503, 504}

Json = dict[str, Any]


class Problem(Exception):
    """The service says no. `code` is the same for ever; `errors` has the fields at fault, each with a `message`."""

    def __init__(self, status: int, said: Json) -> None:
        super().__init__(said.get("detail") or f"the answer was {status}")
        self.status = status
        self.code: str | None = said.get("code")
        self.errors: list[Json] = said.get("errors", [])


class Event(NamedTuple):
    """What a stream tells. `position` is where to go on from; `type` is `message`, or `deleted` of an own order."""

    position: str
    type: str
    data: Json


class _NoRedirects(HTTPRedirectHandler):
    """The service has none, and a key must not follow one elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Ledger:
    """Asks as whoever has the key or token; `base` is the address of the service."""

    def __init__(self, base: str, key: str) -> None:
        self._base = base.rstrip("/")
        self._key = key
        self._open: Callable[..., HTTPResponse] = build_opener(_NoRedirects).open

    # --- what a back end does ---

    def create(self, order: Json, *, key: str | None = None) -> Json:
        """A new order, as the description's NewOrder. With a `key` of the caller's own it is made once for ever."""
        return self._command("POST", "/api/v1/orders", order, key)

    def order(self, order: int | str) -> Json:
        """An order by its id or UUID."""
        return self._json(self._ask("GET", f"/api/v1/orders/{order}"))

    def orders(self, **wanted: Any) -> Iterator[Json]:
        """All orders that are wanted, page after page."""
        return self._pages("/api/v1/orders", wanted)

    def pay(self, order: int | str, amount: Decimal, *, provider: str, reference: str, **more: Any) -> Json:
        """Records a payment, which its provider and reference name: the same one again changes nothing."""
        payment = {"amount": amount, "provider": provider, "reference": reference, **more}
        return self._command("POST", f"/api/v1/orders/{order}/payments", payment, None)

    def refund(self, order: int | str, amount: Decimal, *, provider: str, reference: str, **more: Any) -> Json:
        refund = {"amount": amount, "provider": provider, "reference": reference, **more}
        return self._command("POST", f"/api/v1/orders/{order}/refunds", refund, None)

    def move(self, order: int | str, status: str, *, reason: str | None = None, version: int | None = None) -> Json:
        """Brings an order to another status; where `version` is given, only if it is at that one (else 412)."""
        body = {"status": status, "reason": reason}
        return self._command("POST", f"/api/v1/orders/{order}/status", body, None, version)

    def change(self, order: int | str, changes: Json, *, version: int | None = None) -> Json:
        return self._command("PATCH", f"/api/v1/orders/{order}", changes, None, version)

    def events(self, after: str | None = None) -> Iterator[Event]:
        """Every event of the ledger, as it is recorded, without an end: behind a position, or from now on."""
        return self._stream("/api/v1/audit/events/stream", after)

    # --- what a customer does ---

    def own_orders(self, **wanted: Any) -> Iterator[Json]:
        return self._pages("/api/v1/i/orders", wanted)

    def delete(self, order: str) -> None:
        """Deletes an order of the customer's, by its UUID, while nothing is paid."""
        self._ask("DELETE", f"/api/v1/i/orders/{order}", key=secrets.token_hex(16)).close()

    def own_changes(self, after: str | None = None) -> Iterator[Event]:
        """Each change of the customer's orders, as the order is then, without an end."""
        return self._stream("/api/v1/i/orders/stream", after)

    # --- how it asks ---

    def _command(self, method: str, path: str, body: Json, key: str | None, version: int | None = None) -> Json:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self._json(self._ask(method, path, body, headers, key=key or secrets.token_hex(16)))

    def _pages(self, path: str, wanted: Mapping[str, Any]) -> Iterator[Json]:
        url: str | None = f"{path}?{urlencode(wanted)}"
        while url is not None:
            page = self._json(self._ask("GET", url))
            yield from page["results"]
            url = page["next"]

    def _stream(self, path: str, after: str | None) -> Iterator[Event]:
        while True:
            headers = {} if after is None else {"Last-Event-ID": after}
            with self._ask("GET", path, headers=headers, seconds=QUIET_SECONDS_MAX) as answer:
                after = after or answer.headers["Ledger-Position"]
                try:
                    for event in _events(answer):
                        after = event.position
                        yield event
                except (OSError, HTTPException):
                    pass  # the connection broke; it goes on from where it was
            time.sleep(1)

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        seconds: float = ANSWER_SECONDS_MAX,
    ) -> HTTPResponse:
        """The answer, asked for again where the service or the network is away. Raises Problem, OSError."""
        sent = {"Authorization": f"Bearer {self._key}", **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body, default=str).encode(), "application/json"
        request = Request(self._address(path), content, sent, method=method)  # noqa: S310  (an address of the service)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            after = None
            try:
                return self._open(request, timeout=seconds)
            except HTTPError as error:
                if error.code not in AWAY or attempt == ATTEMPTS_MAX:
                    raise _problem(error) from None
                after = error.headers.get("Retry-After")
                error.close()
            except (OSError, HTTPException):
                if attempt == ATTEMPTS_MAX:
                    raise
            time.sleep(min(float(after) if after else 2**attempt / 4, PAUSE_SECONDS_MAX))
        raise AssertionError("the last attempt returns or raises")

    def _address(self, path: str) -> str:
        """A path of the service, or a whole address that it gave. Raises ValueError: others do not get the key."""
        url = path if "://" in path else self._base + path
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
            raise ValueError(f"{url} is not at {self._base}; the service should know its address (LEDGER_PUBLIC_URL)")
        return url

    @staticmethod
    def _json(answer: HTTPResponse) -> Json:
        with answer:
            found: Json = json.loads(answer.read(), parse_float=Decimal)
        return found


def _problem(error: HTTPError) -> Problem:
    with error:
        try:
            said = json.loads(error.read())
        except (OSError, HTTPException, ValueError):
            said = {}
    return Problem(error.code, said if isinstance(said, dict) else {})


def _events(answer: HTTPResponse) -> Iterator[Event]:
    """The frames of server-sent events, each when it is whole."""
    fields: dict[str, str] = {}
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
            continue
        if "data" in fields:
            data = json.loads(fields["data"], parse_float=Decimal)
            yield Event(fields["id"], fields.get("event", "message"), data)
        fields = {}
