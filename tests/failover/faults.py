"""Faults between nodes and PostgreSQL under load, as often as asked: nothing is lost, doubled or falsely refused."""

import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from tests.conftest import Service
from tests.failover.load import Load, views_must_be_as_made_anew
from tests.postgres import Cluster, files_in
from tests.proxy import Proxy
from tests.waiting import until

CLIENTS = 16


class Site:
    """A primary and its nodes, each node with views of its own."""

    def __init__(
        self, stack: ExitStack, nodes: int, *settings: str, url: Callable[[Cluster], str] | None = None
    ) -> None:
        self.primary = Cluster(*settings)
        stack.callback(self.primary.remove)
        self.primary.start()
        self.url = url(self.primary) if url else self.primary.url()
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.nodes = [self._node(stack, number) for number in range(nodes)]

    def _node(self, stack: ExitStack, number: int) -> Service:
        folder = self.folder / str(number)
        folder.mkdir()
        own = files_in(folder) | {"LEDGER_MASTER": str(self.folder / "master.key")}
        node = Service(folder, workers=1, LEDGER_URL=self.url, **own).start()
        stack.callback(lambda: node.kill() if node.process and node.process.poll() is None else None)
        return node

    def must_hold(self, load: Load) -> str:
        """Ends the load, and asserts that nothing of it is lost. Returns its figures."""
        load.end()
        load.must_hold(self.url)
        for node in self.nodes:
            views_must_be_as_made_anew(node, self.folder)
        return (
            f"{len(load.acknowledged)} acknowledged, 0 missing, 0 doubled, 0 false refusals; {load.unavailable} times"
            f" 503 or no answer; the longest wait {load.longest_seconds:.1f} s"
        )


@contextmanager
def site(nodes: int, *settings: str, url: Callable[[Cluster], str] | None = None) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(stack, nodes, *settings, url=url)


def terminate(times: int) -> str:
    """Ends the nodes' connections with `pg_terminate_backend`, many times."""
    with site(2) as at, Load(at.nodes, CLIENTS) as load:
        load.wait_for(20)
        for _ in range(times):
            at.primary.do(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'order_ledger'"
                " AND state <> 'idle' LIMIT 1"
            )
            time.sleep(random.uniform(0.0, 0.1))
        load.wait_for(20)
        return at.must_hold(load)


def shut_down(times: int) -> str:
    """Shuts the primary down at once and starts it again, many times."""
    with site(2) as at, Load(at.nodes, CLIENTS) as load:
        for _ in range(times):
            load.wait_for(40)
            at.primary.stop(signal.SIGQUIT)
            time.sleep(0.5)
            at.primary.start()
        load.wait_for(40)
        return at.must_hold(load)


def promote(times: int, *, cancel: bool) -> str:
    """Stops the primary; its synchronous standby takes over. `cancel`: waits for the standby are cancelled before."""
    told = []
    for _ in range(times):
        with _site_with_standby() as (at, standby, _), Load(at.nodes, CLIENTS) as load:
            load.wait_for(60)
            for _ in range(20 * cancel):
                _cancel_waits(at.primary)
                time.sleep(0.02)
            _take_over(at.primary, standby)
            load.wait_for(60)
            told.append(at.must_hold(load))
    return "; ".join(told)


def promote_behind(times: int) -> str:
    """A standby takes over without records that the primary has shown its nodes, but acknowledged to no client."""
    told = []
    for _ in range(times):
        with _site_with_standby() as (at, standby, wire), Load(at.nodes, CLIENTS) as load:
            load.wait_for(60)
            ahead = _let_views_run_ahead(at.primary, standby, wire)
            _take_over(at.primary, standby)
            load.wait_for(60)
            figures = at.must_hold(load)
            assert any("ahead of the log" in node.log() for node in at.nodes)
            told.append(f"{figures}; {ahead} records were on the primary alone, and views went back")
    return "; ".join(told)


@contextmanager
def _site_with_standby() -> Iterator[tuple[Site, Cluster, Proxy]]:
    """Two nodes on a primary with a synchronous standby, and the proxy between primary and standby."""
    with ExitStack() as stack:
        standbys: list[tuple[Cluster, Proxy]] = []

        def url(primary: Cluster) -> str:
            wire = Proxy(primary.port)
            standby = Cluster(follows=wire.port, name="standby")
            stack.callback(standby.remove)
            standbys.append((standby.start(), wire))
            primary.do("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.do("SELECT pg_reload_conf()")
            return f"postgresql://postgres@{primary.host},{standby.host}/postgres?target_session_attrs=read-write"

        with site(2, url=url) as at:
            yield (at, *standbys[0])


def _take_over(primary: Cluster, standby: Cluster) -> None:
    primary.stop(signal.SIGQUIT)
    standby.do("SELECT pg_promote()")


def _let_views_run_ahead(primary: Cluster, standby: Cluster, wire: Proxy) -> int:
    """Cuts the standby off and cancels waits for it, so that nodes see unacknowledged records.

    Returns the number of those records.
    """
    wire.is_silent.set()
    before = _head(standby)
    deadline = time.monotonic() + 5
    while _head(primary) < before + 12 and time.monotonic() < deadline:
        _cancel_waits(primary)
        time.sleep(0.05)
    time.sleep(1)  # the views follow meanwhile
    return _head(primary) - before


def _cancel_waits(primary: Cluster) -> None:
    primary.do("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def _head(cluster: Cluster) -> int:
    return int(cluster.do("SELECT coalesce(max(position), 0) FROM order_ledger.events")[0][0])


def kill_nodes(times: int) -> str:
    """Kills each node and starts it again, many times."""
    with site(2) as at, Load(at.nodes, CLIENTS) as load:
        for _ in range(times):
            for node in at.nodes:
                load.wait_for(10)
                node.kill()
                node.start()
        load.wait_for(20)
        return at.must_hold(load)


def be_away(seconds: float, *, slack: float = 1) -> str:
    """Takes PostgreSQL away: lists are still answered, commands get a 503 at once, and all goes on afterwards."""
    with site(1) as at, Load(at.nodes, CLIENTS) as load:
        load.wait_for(20)
        load.end()
        (node,) = at.nodes
        client = node.client(node.key("orders:read", "orders:write"))
        assert client.get("/api/v1/orders").status_code == 200
        at.primary.stop(signal.SIGQUIT)
        longest, over = 0.0, time.monotonic() + seconds
        while time.monotonic() < over:
            began = time.monotonic()
            answer = client.post("/api/v1/orders", json={"items": [{"unit_price": "1"}]})
            longest = max(longest, time.monotonic() - began)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.text
            for path in ("/api/v1/orders?limit=20", "/api/v1/orders/1"):
                began = time.monotonic()
                assert client.get(path).status_code == 200
                assert time.monotonic() - began < slack
            assert requests.get(node.base + "/readyz", timeout=5).status_code == 503
        assert longest < 3 * slack
        at.primary.start()
        until(lambda: client.post("/api/v1/orders", json={"items": [{"unit_price": "1"}]}).status_code == 201, 15)
        until(lambda: requests.get(node.base + "/readyz", timeout=5).status_code == 200, 15)
        at.must_hold(load)
        return f"the longest command took {longest:.1f} s"


def partition(times: int, *, slack: float = 1) -> str:
    """Cuts one node off PostgreSQL without closing connections.

    The other node has the lock again soon, and the first takes part again afterwards.
    """
    with site(2) as at:
        proxy = Proxy(at.primary.port)
        cut_off = at.nodes[0]
        cut_off.kill()
        cut_off.environment["LEDGER_URL"] = proxy.url("postgres")
        cut_off.start()
        longest = 0.0
        with Load(at.nodes, CLIENTS) as load:
            for _ in range(times):
                load.wait_for(30)
                proxy.is_silent.set()
                longest = max(longest, _seconds_until_taken(at.nodes[1]))
                time.sleep(2)
                proxy.is_silent.clear()
                longest = max(longest, _seconds_until_taken(cut_off))
            load.wait_for(30)
        assert longest < 15 * slack
        figures = at.must_hold(load)
        proxy.close()
        return f"{figures}; a node takes commands again after {longest:.1f} s at most"


def _seconds_until_taken(node: Service) -> float:
    client, began = node.client(node.key("orders:write")), time.monotonic()
    until(lambda: client.post("/api/v1/orders", json={"items": [{"unit_price": "1"}]}).status_code == 201, 30)
    return time.monotonic() - began
