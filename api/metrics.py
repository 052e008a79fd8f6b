"""The service's metrics for Prometheus, at an address of their own and from a process of their own.

The workers write their metrics into shared files (prometheus-client's multiprocess mode). At each scrape the process
adds them up, and looks at the log, the views and the workers.
"""

import os
import shutil
import signal
import tempfile
import threading
import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from eventsourcing.persistence import PersistenceError

from api.observing import TOGETHER_SECONDS
from api.settings import METHODS, Address
from domain.ledger import OrderLedger
from domain.log.sqlite import Busy, sqlite3
from projections.views.views import Views, ViewsUnavailable
from projections.webhooks.store import Store

_LOOK_SECONDS: Final = 0.5
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMANDS: Final = (1, 2, 4, 8, 16, 32, 64)
T = TypeVar("T")


Opened = tuple[OrderLedger, Views, Store]


class Metrics:
    """The metrics of one worker."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Histogram  # noqa: PLC0415  (it looks for its folder when it is imported)

        class Requests(Histogram):
            def observe_all(self, seconds: Sequence[float]) -> None:
                """Observes many durations at once; one by one takes some 2 us each."""
                self._sum.inc(sum(seconds))
                for bucket, many in Tally(bisect_left(self._upper_bounds, one) for one in seconds).items():
                    self._buckets[bucket].inc(many)

        self._requests = Requests(
            "ledger_request_seconds", "Requests by how long they took", ["method", "route", "status"], buckets=_SECONDS
        )
        self._commands = Counter("ledger_commands", "Commands that were done", ["command"])
        self._refusals = Counter("ledger_refusals", "Commands that were refused, by the code", ["command", "code"])
        self._commit = Histogram("ledger_commit_seconds", "Transactions of the log, to the commit", buckets=_SECONDS)
        self._feed = Histogram("ledger_feed_seconds", "Feeding the views after a commit", buckets=_SECONDS)
        self._batch = Histogram("ledger_batch_commands", "Pieces of work in one transaction", buckets=_COMMANDS)

    def observe_requests(self, requests: Iterable[tuple[str, str | None, int, float]]) -> None:
        """Counts requests, each given by its method, route, status and duration in seconds."""
        together: dict[tuple[str, str | None, int], list[float]] = {}
        for method, route, status, seconds in requests:
            together.setdefault((method, route, status), []).append(seconds)
        for (method, route, status), took in together.items():
            # A client can make up methods, and each would be a time series for ever.
            known = method if method in METHODS else "other"
            self._requests.labels(known, route or "none", str(status)).observe_all(took)

    def count_done(self, command: str) -> None:
        self._commands.labels(command).inc()

    def count_refused(self, command: str, code: str) -> None:
        self._refusals.labels(command, code).inc()

    def observe_commit(self, works: int, commit_seconds: float, feed_seconds: float) -> None:
        self._batch.observe(works)
        self._commit.observe(commit_seconds)
        self._feed.observe(feed_seconds)


def shared_folder() -> Path:
    """A new folder for the files that the workers share."""
    return Path(tempfile.mkdtemp(prefix="order-ledger-metrics-"))


def serve(address: Address, folder: Path, open_ledger: Callable[[], Opened]) -> None:
    """Starts the process that Prometheus scrapes, and returns when it listens. It ends with this process, and removes
    the folder."""
    # Not by multiprocessing: each worker, forked later, would end that process at its own end.
    master = os.getpid()
    coming, going = os.pipe()
    if os.fork() == 0:
        try:
            for asked in (signal.SIGINT, signal.SIGTERM):
                signal.signal(asked, signal.SIG_IGN)
            _answer(address, folder, open_ledger, master, going)
        finally:
            os._exit(0)
    os.close(going)
    os.read(coming, 1)  # until the child has closed its end
    os.close(coming)


def _answer(address: Address, folder: Path, open_ledger: Callable[[], Opened], master: int, going: int) -> None:
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415  (as above)
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    class Added(MultiProcessCollector):
        def collect(self) -> Iterable[Any]:
            time.sleep(2 * TOGETHER_SECONDS)  # until the workers have counted the requests before this scrape
            return super().collect()  # type: ignore[no-any-return, no-untyped-call]

    registry = CollectorRegistry()
    Added(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(ScrapedGauges(open_ledger, master))
    start_http_server(address.port, address.host, registry)
    os.close(going)
    while os.getppid() == master:
        time.sleep(_LOOK_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


class ScrapedGauges:
    """The gauges that are read at each scrape. Gauges that cannot be read are left out, and `ledger_up` is 0."""

    def __init__(self, open_ledger: Callable[[], Opened], master: int) -> None:
        self._open = open_ledger
        self._master = master
        self._opened: Opened | None = None
        # A connection belongs to one thread, and each scrape comes in another.
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Any]:
        return []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  (as above)

        memory = GaugeMetricFamily("ledger_worker_memory_bytes", "What a worker has in memory", labels=["pid"])
        for pid, size in _memory(self._master):
            memory.add_metric([str(pid)], size)
        yield memory
        with self._lock:
            found = _known(self._look)
        yield GaugeMetricFamily("ledger_up", "Whether the log can be read", value=float(found is not None))
        for name, description, value in found or ():
            if value is not None:
                yield GaugeMetricFamily(name, description, value=value)

    def _look(self) -> list[tuple[str, str, float | None]]:
        if self._opened is None:
            self._opened = self._open()
        ledger, views, webhooks = self._opened
        try:
            head, last = ledger.head(), ledger.log_of_events.last_checkpoint()
            position = _known(views.position)
            lag = None if position is None else max(0, head - position)
            positions = [webhook.position for webhook in webhooks.all() if webhook.disabled_at is None]
            behind = max(0, head - min(positions, default=head))
            age = None if last is None else (ledger.clock() - datetime.fromisoformat(last.made_at)).total_seconds()
            return [
                ("ledger_log_position", "The log's head", head),
                ("ledger_views_position", "How far the views are", position),
                ("ledger_views_lag_events", "How far the views are behind", lag),
                ("ledger_stopped_orders", "Histories that cannot be read", _known(views.stopped_count)),
                ("ledger_signed_head_age_seconds", "How old the last signed head is", age),
                ("ledger_webhooks_lag_events", "How far the hindmost webhook is behind", behind),
                ("ledger_unsigned_events", "Events behind the last signed head", head - (last.size if last else 0)),
            ]
        finally:  # this thread's connections
            views.close()
            ledger.close_connections()


def _known(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (PersistenceError, ViewsUnavailable, Busy, sqlite3.Error, OSError):
        return None


def _memory(master: int) -> Iterator[tuple[int, int]]:
    """The master's other child processes, each with its resident memory in bytes; none but on Linux."""
    try:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    except OSError:
        return
    for pid in map(int, children):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        if pid != os.getpid():
            yield pid, pages * os.sysconf("SC_PAGE_SIZE")
