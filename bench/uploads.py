"""Do requests wait while a settlement file is taken in? `/healthz`, asked every five milliseconds meanwhile."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median

from bench.contenders import Ledger
from bench.stage import Sample, Stage

LINES = 100_000
_EVERY_SECONDS = 0.005
_HEADER = "reference,kind,gross,fee,net,currency,occurred_at,order,payout\n"


def measure(stage: Stage) -> Iterator[Sample]:
    for ledger in stage.ledgers():
        key = ledger.run("token", "create", "--scope", "finance:read", "--scope", "finance:write").strip()
        stage.say(f"uploads: {ledger.name}")
        ledger.start("/healthz")
        try:
            yield _measure(ledger, key, LINES // 10 if stage.quick else LINES)
        finally:
            ledger.stop()


def _upload(ledger: Ledger, body: bytes, headers: dict[str, str]) -> None:
    """Sends the file, and asks for its state until it is taken in."""
    path = "/api/v1/finance/reconciliations"
    status, location = _answer(ledger, "POST", f"{path}?provider=bench", body, headers)
    while status == 202:
        time.sleep(0.1)
        status, _ = _answer(ledger, "GET", location, b"", headers)
    assert status in (200, 201), status


def _measure(ledger: Ledger, key: str, lines: int) -> Sample:
    rows = (f"r{number},payment,1.00,0,1.00,USD,2026-03-01T00:00:00Z,,\n" for number in range(lines))
    body = (_HEADER + "".join(rows)).encode()
    headers = {"Authorization": f"Token {key}", "Content-Type": "text/csv"}
    seconds = []
    with ThreadPoolExecutor(1) as sender:
        began = time.perf_counter()
        upload = sender.submit(_upload, ledger, body, headers)
        due = began
        while not upload.done():
            _ask(ledger, "/healthz")
            # Counted from the due time: a client that waits long asks seldom, and its waits would not show otherwise.
            seconds.append(time.perf_counter() - due)
            due = max(due + _EVERY_SECONDS, time.perf_counter() - 1)
            time.sleep(max(0, due - time.perf_counter()))
        took = time.perf_counter() - began
    seconds.sort()
    p99 = seconds[len(seconds) * 99 // 100]
    line = f"{lines:,} settlement lines; /healthz meanwhile"
    return Sample("uploads", line, ledger.name, "s", took, median(seconds) * 1e3, p99 * 1e3)


def _ask(ledger: Ledger, target: str) -> None:
    status, _ = _answer(ledger, "GET", target, b"", {})
    assert status == 200, status


def _answer(ledger: Ledger, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """The status of the answer, and its `Location`."""
    connection = HTTPConnection("127.0.0.1", ledger.port, timeout=120)
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Location", target)
