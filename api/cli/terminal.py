"""The base of every command: its output and errors, its settings, and the opening of ledger and views."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from eventsourcing.persistence import PersistenceError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from api import settings as settings_module
from api.settings import Settings, WrongSetting
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.clock import Watch
from domain.log.log import LogAway
from domain.log.mapper import KeysMissing
from domain.log.opening import exists, open_log, without_secrets
from domain.log.sqlite import Busy
from domain.moments import utc_now
from domain.privacy.erasing import destroy_leftovers, missing_erasures
from domain.privacy.erasures import Erasures, ErasuresMalformed
from domain.privacy.keyring import KeyUnknown
from domain.privacy.masters import MasterUnknown
from domain.privacy.opening import WrongKeys, keys_of, must_open
from projections.views.views import Views

# Exit statuses of the contract.
NEEDS_A_PERSON = 1
WRONG_USAGE = 2

err = Console(stderr=True, highlight=False)


def out(columns: int = 160) -> Console:
    """Standard output for tables: as wide as the terminal, or `columns` where it is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else columns)


def new_table(*columns: str, title: str | None = None) -> Table:
    """A table without lines, its title above its first column."""
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)


def tell(message: str) -> None:
    """Prints a message on standard error, unwrapped and without markup."""
    err.print(message, soft_wrap=True, markup=False)


def warn(warning: str) -> None:
    tell(f"warning: {warning}")


def fail(message: str, status: int = WRONG_USAGE) -> NoReturn:
    err.print("error:", style="red", end=" ")
    tell(message)
    sys.exit(status)


def settings(url: str | None = None) -> Settings:
    """The settings of the environment, or those for another ledger where its `url` is given."""
    try:
        return settings_module.read(os.environ if url is None else {**os.environ, "LEDGER_URL": url})
    except WrongSetting as error:
        fail(str(error))


def given_settings() -> dict[str, str]:
    """The settings that the environment has, as text."""
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith("LEDGER_")}


def share_metrics_in(folder: Path) -> None:
    """Sets the folder of the workers' metrics, which prometheus-client reads from the environment at its import."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


class Unopened(Exception):
    """The ledger cannot be opened; the message says why and names the setting."""


class Unreached(Unopened):
    """The ledger's server does not answer."""


def opened(chosen: Settings, *, may_be_new: bool = False) -> OrderLedger:
    """The ledger of the settings. With `may_be_new` a missing one is begun, for commands that bring orders; for others
    a mistyped path must not show an empty ledger.

    Raises Unopened, Unreached.
    """
    if not (may_be_new or exists(chosen.url)):
        raise Unopened(
            f"LEDGER_URL: there is no ledger at {chosen.shown_url}; `run.py serve` or `run.py import` makes one."
        )
    try:
        chosen.folder.mkdir(0o700, parents=True, exist_ok=True)
        log = open_log(chosen.url)
        keys = keys_of(log, chosen.keys, utc_now())
        ledger = OrderLedger(log, currency_default=chosen.currency, watch=Watch(), keys=keys, is_plain=keys is None)
        if ledger.keys is not None:
            if may_be_new:
                must_open(log, ledger.mapper, ledger.keys)
            destroy_leftovers(ledger, ledger.keys, Erasures(chosen.erasures))
        return ledger
    except (WrongKeys, MasterUnknown, KeyUnknown, KeysMissing) as error:
        raise Unopened(f"{error}; LEDGER_KEYS, LEDGER_MASTER and LEDGER_MASTER_KEY say where the keys are.") from None
    except (PersistenceError, Busy, OSError) as error:
        why = without_secrets(str(error).strip())
        kind = Unreached if isinstance(error, LogAway) else Unopened
        raise kind(f"LEDGER_URL: {chosen.shown_url} cannot be opened: {why}") from error


def open_ledger(chosen: Settings, *, may_be_new: bool = False) -> OrderLedger:
    """`opened`; where the ledger cannot be opened, the program ends with the reason."""
    try:
        return opened(chosen, may_be_new=may_be_new)
    except Unopened as error:
        fail(str(error))


class ErasuresMissing(Exception):
    """The ledger was restored from a backup before some erasures, and has again the data that they erased."""


def must_know_all_erasures(ledger: OrderLedger, chosen: Settings) -> None:
    """Compares the ledger with the list of erasures. Raises ErasuresMissing, ErasuresMalformed."""
    if ledger.keys is not None and (missing := missing_erasures(ledger, ledger.keys, Erasures(chosen.erasures))):
        told = counted(len(missing), f"erasure of {chosen.erasures} is", f"erasures of {chosen.erasures} are")
        raise ErasuresMissing(
            f"{told} not in this ledger, which was restored from before; `run.py erase --again` repeats them."
        )


def open_to_export(chosen: Settings) -> OrderLedger:
    """`open_ledger` for commands that write personal data out; ends the program where erasures are missing."""
    ledger = open_ledger(chosen)
    try:
        must_know_all_erasures(ledger, chosen)
    except (ErasuresMissing, ErasuresMalformed) as error:
        fail(str(error), NEEDS_A_PERSON)
    return ledger


def open_views(ledger: OrderLedger, chosen: Settings) -> Views:
    try:
        chosen.views.parent.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        fail(f"LEDGER_VIEWS: {chosen.views} cannot be made: {error}")
    return Views(ledger, chosen.views)


def fed_views(ledger: OrderLedger, chosen: Settings) -> Views:
    """The views, fed to the log's head."""
    feed(views := open_views(ledger, chosen))
    return views


def feed(views: Views) -> None:
    """Feeds the views to the log's head, with a progress bar."""
    with progress("feeding the views") as say:
        views.ensure(say)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; a line now and then where that is no terminal."""
    if not err.is_terminal:
        said = [0.0]

        def say(done: int, total: int) -> None:
            share = done / total if total else 1.0
            if share >= said[0] + 0.1 or done == total:
                said[0] = share
                print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

        yield say
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
