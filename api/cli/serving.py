"""`run.py serve`: runs the service until it is stopped."""

import errno
import gc
import logging
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from typing import TYPE_CHECKING, Final

import click

from api.cli.terminal import (
    NEEDS_A_PERSON,
    ErasuresMissing,
    Unopened,
    Unreached,
    fail,
    must_know_all_erasures,
    open_views,
    opened,
    progress,
    settings,
    share_metrics_in,
    warn,
)
from api.settings import SPANS_GO_BY, Settings
from domain.ledger import OrderLedger
from domain.log.clock import Watch
from domain.log.keys import Keys
from domain.log.log import LogAway, LogFull
from domain.log.opening import open_log
from domain.log.records import Provenance
from domain.privacy.erasing import destroy_leftovers
from domain.privacy.erasures import Erasures, ErasuresMalformed
from domain.privacy.masters import MasterUnknown
from domain.privacy.opening import KeysLocation, WrongKeys, keys_of
from projections import feeder
from projections.proof.signing import Checkpoints, NoSigningKey, public_key
from projections.views.views import Views
from projections.webhooks.store import Store, store_of

if TYPE_CHECKING:
    from api.observing import Observing

# The files that a worker opens beside its connections and streams: the ledger and the views, for each thread.
OTHER_FILES: Final = 512

_log = logging.getLogger("order_ledger")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Processes.  [default: one a core]")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="Threads in each process.")
@click.option("--demo", is_flag=True, help="Load sample orders into an empty ledger; print URLs and keys to try.")
def serve(host: str, port: int, workers: int | None, threads: int, demo: bool) -> None:
    """Run the service until Ctrl-C or SIGTERM. Requests under way are finished then, within 5 seconds.

    \b
      run.py serve --demo                  with sample orders, to look around
      run.py serve --host 0.0.0.0 --port 80 --workers 4
    """
    from api.app import create_app
    from api.places import CONNECTIONS_MAX, STREAMS_MAX, Places
    from api.server import Server
    from projections.webhooks import delivering

    chosen, workers = settings(), workers or os.cpu_count() or 1
    _must_be_free(host, port, "--port and --host name another")
    _must_be_traceable(chosen)
    _must_be_secret(chosen)
    _must_have_a_temporary_folder()
    greeting = f"Serving {chosen.shown_url} at http://{host}:{port} (Ctrl-C stops it)"
    for warning in (*warnings(host, chosen), *_may_open(CONNECTIONS_MAX + STREAMS_MAX + OTHER_FILES)):
        warn(warning)
    try:
        ledger = opened(chosen, may_be_new=True)
    except Unreached as error:
        if demo or not chosen.views.is_symlink():
            fail(str(error), NEEDS_A_PERSON)  # not 2, which systemd takes for a setting to be mended first
        warn(f"{error}; until it answers, the views are served as they are, and nothing is recorded.")
        is_reached, keys = False, chosen.keys if chosen.keys.masters.exist else None
    except Unopened as error:
        fail(str(error))
    else:
        if demo:
            from api.cli.demo import load_demo

            greeting += load_demo(ledger, f"http://{host}:{port}")
        _make_ready(ledger, chosen, workers)
        is_reached, keys = True, ledger.location.keys

    at_the_end = ExitStack()  # each worker fills its own copy

    def make_app():  # type: ignore[no-untyped-def]  # falcon's generic App says nothing to the reader here
        # A request's objects are freed with its answer and have no cycles, so the collector need not look so often.
        gc.set_threshold(50_000, 20, 20)
        # A Content-Length may have so many digits. Beyond 4,300 Python's default refuses, and gunicorn does not answer.
        sys.set_int_max_str_digits(8190)
        log, currency = open_log(chosen.url), chosen.currency
        own = OrderLedger(log, currency_default=currency, watch=Watch(), keys=keys, is_made=True, is_plain=keys is None)
        observing = _observing(chosen)
        at_the_end.callback(observing.stop)
        own.measure = observing.metrics.observe_commit if observing.metrics else None
        own.beginning = lambda: _begin(own, chosen, was_reached=is_reached)
        own_views = Views(own, chosen.views)
        signing = Checkpoints(own, own_views, key=chosen.key, kept=chosen.checkpoints)
        feeder.start(own, own_views, signing, chosen.checkpoint_seconds, lambda: _finish_erasures(own, chosen))
        at_the_end.callback(delivering.start(own, store_of(log, chosen.webhooks), chosen.webhook_networks))
        return create_app(own, own_views, chosen, threads=threads, observing=observing)

    _unify_log_form(chosen)
    _answer_prometheus(chosen, keys)
    Server(
        make_app,
        Places(chosen.connections_per_address, chosen.trusts),
        bind=[f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
        workers=workers,
        worker_exit=lambda _arbiter, _worker: at_the_end.close(),
        when_ready=lambda _arbiter: print(greeting, flush=True),
    ).run()


def _make_ready(ledger: OrderLedger, chosen: Settings, workers: int) -> None:
    """Does the work that all workers need once: tries the log, adopts keys, makes the views; and prints warnings."""
    with suppress(LogFull):  # orders can be read all the same
        ledger.write(lambda t: t.touch()).result()
    _adopt(ledger).result()
    views = open_views(ledger, chosen)
    for warning in (*ledger.log_of_events.warnings(workers), *_of_privacy(ledger, chosen)):
        warn(warning)
    with progress("making the views") as say:
        views.ensure(say)
    # A connection must not live through the fork into the workers.
    views.close()
    ledger.close()


def _adopt(ledger: OrderLedger) -> Future[int]:
    """Records the access keys of an older version, before a new key is recorded."""
    adopt = Keys(ledger.log_of_events, ledger.watch).adopt
    return ledger.write(adopt, now=ledger.clock(), by=Provenance("cli:serve"))


def _begin(own: OrderLedger, chosen: Settings, *, was_reached: bool) -> None:
    """Finishes erasures once a worker reaches the log. Where the log was out of reach at the start, it also does the
    checks of a start then, and stops the service where they fail.

    Raises the log's errors.
    """
    try:
        if not was_reached and (keys_of(own.log_of_events, chosen.keys, own.clock()) is None) != (own.keys is None):
            raise WrongKeys("this ledger is not sealed, and there is a master key")
        _finish_erasures(own, chosen)
        if not was_reached:
            must_know_all_erasures(own, chosen)
    except (WrongKeys, MasterUnknown, ErasuresMalformed, ErasuresMissing) as error:
        _log.critical("the service ends: %s", error)
        os.kill(os.getppid(), signal.SIGTERM)
        raise LogAway(str(error)) from error
    if not was_reached:
        _adopt(own)  # not waited for, since this runs in the writer


def _finish_erasures(own: OrderLedger, chosen: Settings) -> None:
    """Finishes the erasures of processes that were killed, or lost the log, in the middle of one."""
    if own.keys is not None:
        destroy_leftovers(own, own.keys, Erasures(chosen.erasures))


def _answer_prometheus(chosen: Settings, keys: KeysLocation | None) -> None:
    """Starts the process of the metrics, where LEDGER_METRICS is set."""
    if chosen.metrics is not None:
        _must_be_free(*chosen.metrics, "LEDGER_METRICS names another")
        from api.metrics import serve, shared_folder

        share_metrics_in(folder := shared_folder())
        serve(chosen.metrics, folder, lambda: _opened_anew(chosen, keys))


def _opened_anew(chosen: Settings, keys: KeysLocation | None) -> tuple[OrderLedger, Views, Store]:
    """The ledger, its views and its webhooks, opened by the process of the metrics."""
    ledger = OrderLedger(open_log(chosen.url), currency_default=chosen.currency, keys=keys, is_made=True)
    return ledger, Views(ledger, chosen.views), store_of(ledger.log_of_events, chosen.webhooks)


def _unify_log_form(chosen: Settings) -> None:
    """Has messages of the program and its libraries written in the form of the lines of requests, in all processes."""
    from api.observing import Handler, LogWriter

    logging.getLogger("order_ledger").setLevel(chosen.log_level.upper())
    logging.getLogger().addHandler(Handler(LogWriter(chosen.log_level)))


def _observing(chosen: Settings) -> "Observing":
    """The log, metrics and tracing of this worker's requests."""
    from api.observing import LogWriter, Observing

    metrics = tracing = None
    if chosen.metrics is not None:
        from api.metrics import Metrics

        metrics = Metrics()
    if chosen.traces is not None:
        from api.tracing import Tracing

        tracing = Tracing(chosen.traces.address)
    return Observing(LogWriter(chosen.log_level), metrics, tracing)


def _must_have_a_temporary_folder() -> None:
    """Ends the program where the system has no temporary folder, which uploads and gunicorn's processes need."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        fail(f"{error.strerror}; TMPDIR names one, and `--tmpfs /tmp` gives a read-only container one.")


def _must_be_secret(chosen: Settings) -> None:
    """Ends the program where others can read the signing key, or it cannot sign."""
    try:
        public_key(chosen.key)
    except NoSigningKey as error:
        if chosen.key.exists():  # a missing key can be made later
            fail(str(error))


def _must_be_traceable(chosen: Settings) -> None:
    """Ends the program where spans are to be sent and cannot be. Imports OpenTelemetry once for all workers."""
    if chosen.traces is None:
        return
    address, protocol = chosen.traces
    if not re.match(r"https?://[^/\s]", address):
        fail(f"OTEL_EXPORTER_OTLP_ENDPOINT has spans sent to {address!r}; it should be like 'http://127.0.0.1:4318'.")
    if protocol != SPANS_GO_BY:
        fail(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}; spans are sent by {SPANS_GO_BY!r} alone.")
    try:
        from api.tracing import Tracing

        Tracing(address).stop()  # each worker has its own
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        fail("OTEL_EXPORTER_OTLP_ENDPOINT needs the extra `otel`: `pip install 'order-ledger[otel]'` brings it.")
    except (ValueError, RuntimeError) as error:
        fail(f"OpenTelemetry cannot be set up so: {error}")


def _must_be_free(host: str, port: int, to_do: str) -> None:
    """Ends the program where the address cannot be listened on; gunicorn would try for five seconds."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        why = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        fail(f"{host}:{port} cannot be listened on: {why}; {to_do}.")


def _of_privacy(ledger: OrderLedger, chosen: Settings) -> Iterator[str]:
    """The warnings about personal data. Ends the program where the ledger has erased data again."""
    since = ledger.head()
    if ledger.keys is not None:
        try:
            must_know_all_erasures(ledger, chosen)
        except ErasuresMalformed as error:
            fail(f"LEDGER_ERASURES: {error}")
        except ErasuresMissing as error:
            fail(str(error), NEEDS_A_PERSON)
        kept = ledger.log_of_events.keyring()
        since = kept.since if kept else 0
    if since or ledger.keys is None:
        yield (
            f"personal data that are recorded up to position {since} are not sealed, so they cannot be erased;"
            " `run.py seal` makes a ledger of this one where they are."
        )


def warnings(host: str, chosen: Settings) -> Iterator[str]:
    """The warnings about the service's surroundings."""
    if os.geteuid() == 0:
        yield "this runs as root, so a fault in it has all of this machine; a user of its own is enough."
    is_secured = chosen.trusted_proxies or (chosen.public_url or "").startswith("https:")
    if not is_secured and not _is_loopback(host):
        yield (
            f"keys go over plain HTTP to {host}; serve behind a proxy with TLS, and name it in LEDGER_TRUSTED_PROXIES"
            " or the address that it has in LEDGER_PUBLIC_URL."
        )


def _may_open(files: int) -> Iterator[str]:
    """Raises the limit of open files for the workers, and warns where it stays lower: a worker without a free file
    accepts no connection, so it cannot end an idle one for it either."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    allowed = files if hard == RLIM_INFINITY else min(files, hard)
    if soft != RLIM_INFINITY and soft < allowed:
        setrlimit(RLIMIT_NOFILE, (allowed, hard))
    if allowed < files:
        yield (
            f"a worker may have {hard} files open and needs {files} with all of its connections: beyond that it answers"
            " nobody; `ulimit -Hn`, or systemd's LimitNOFILE, says how many it may have."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
