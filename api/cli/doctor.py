"""`run.py doctor`: what about this ledger needs an operator?"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

import click
from eventsourcing.persistence import PersistenceError

from api import VERSION
from api.cli.backups import NOTES
from api.cli.terminal import NEEDS_A_PERSON, Unopened, new_table, open_views, opened, out, settings
from api.operations import READY_LAG_EVENTS_MAX
from api.settings import Settings
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.mapper import DamagedEvent, KeysMissing, UnknownTopic
from domain.log.sqlite import sqlite3
from domain.moments import instant, utc_now
from domain.privacy.erasing import missing_erasures
from domain.privacy.erasures import Erasures, ErasuresMalformed
from projections.proof.signing import Checkpoints, KeyExposed, NoSigningKey
from projections.views.views import Views, ViewsUnavailable

# Where standard output is no terminal, lines are not wrapped, so that programs find paths and commands in them.
_COLUMNS: Final = 1_000
DISK_BYTES_MIN: Final = 1024**3
BACKUP_AGE_MAX: Final = timedelta(days=2)
# A head is signed by the service when it is due; a little later is no fault.
_SIGNED_LATE: Final = timedelta(minutes=10)
_COPIED_LATE: Final = timedelta(minutes=10)
_LITESTREAM: Final = ".{}-litestream"

State = Literal["ok", "look", "act"]
_STYLES: Final[dict[State, str]] = {"ok": "green", "look": "yellow", "act": "bold red"}


class Finding(NamedTuple):
    """A finding: its subject, its state, the facts, and the advice; no advice where all is well."""

    subject: str
    state: State
    facts: str
    advice: str = ""


@click.command()
def doctor() -> None:
    """Check what an operator would check, and advise.

    Permissions, versions, disks, the clock, keys, erasures, the views, the last signed head, the last backup, and the
    log's database. Exits 1 where something needs a person (`act`); `look` is advice.
    """
    chosen = settings()
    found = list(_findings(chosen))
    table = new_table("", "", "found", "what to do")
    for subject, state, facts, advice in found:
        table.add_row(subject, f"[{_STYLES[state]}]{state}[/]", facts.replace("[", r"\["), advice.replace("[", r"\["))
    out(_COLUMNS).print(table)
    if any(one.state == "act" for one in found):
        sys.exit(NEEDS_A_PERSON)


def _findings(chosen: Settings) -> Iterator[Finding]:
    yield from _of_system()
    yield from _of_files(chosen)
    yield from _of_disks(chosen)
    try:
        ledger = opened(chosen)
    except Unopened as error:
        yield Finding("ledger", "act", "it cannot be opened", str(error))
        return
    try:
        yield from _of_ledger(ledger, chosen)
        views = open_views(ledger, chosen)
        yield from _of_views(ledger, views)
        yield from _of_signing(ledger, views, chosen)
    except (PersistenceError, sqlite3.Error) as error:
        yield Finding("ledger", "act", f"it cannot be read: {error}", "`run.py verify` says where")
    yield _of_backups(ledger, chosen)


def _of_system() -> Iterator[Finding]:
    versions = (
        f"order-ledger {VERSION}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" {platform.system()} {platform.release()}"
    )
    yield Finding("versions", "ok", versions)
    if os.geteuid() == 0:
        yield Finding("user", "look", "this runs as root", "run it as a user of its own, who owns the ledger's folder")
    else:
        yield Finding("user", "ok", f"user {os.geteuid()}")


def _of_files(chosen: Settings) -> Iterator[Finding]:
    masters = chosen.keys.masters
    files = [chosen.folder, chosen.views, chosen.key, chosen.checkpoints, chosen.keys.path]
    files += [chosen.erasures, chosen.accesses, chosen.folder / NOTES]
    files += [chosen.ledger] if chosen.ledger else []
    files += [masters.file] if masters.text is None else []
    there = [path for path in dict.fromkeys(files) if path.exists()]
    is_open = [path for path in there if path.stat().st_mode & (0o022 if path.is_dir() else 0o077)]
    foreign = [path for path in there if path.stat().st_uid != os.geteuid()]
    if is_open:
        yield Finding(
            "permissions",
            "act",
            f"open to others: {', '.join(map(str, is_open))}",
            f"chmod go= {' '.join(map(str, is_open))}",
        )
    if foreign:
        yield Finding(
            "owner",
            "look",
            f"of another user: {', '.join(map(str, foreign))}",
            "run this as the user that serves, or give them to it",
        )
    if not is_open and not foreign:
        facts = counted(len(there), "file is its owner's alone", "files and folders are their owner's alone")
        yield Finding("permissions", "ok", facts)


def _of_disks(chosen: Settings) -> Iterator[Finding]:
    views = chosen.views.stat().st_size if chosen.views.exists() else 0
    for folder in dict.fromkeys(path.resolve() for path in (chosen.folder, chosen.views.parent)):
        if not folder.exists():
            continue
        free, needed = shutil.disk_usage(folder).free, DISK_BYTES_MIN + views
        facts = f"{free / 1024**3:.1f} GiB free at {folder}"
        if free >= needed:
            yield Finding("disk", "ok", facts)
        else:
            advice = f"make room: {needed / 1024**3:.1f} GiB let the views be made anew beside those in force"
            yield Finding("disk", "act", facts, advice)


def _of_ledger(ledger: OrderLedger, chosen: Settings) -> Iterator[Finding]:
    yield Finding("ledger", "ok", f"{counted(ledger.head(), 'event')} at {chosen.shown_url}")
    for warning in ledger.log_of_events.warnings():
        yield Finding("log", "act", "what it stands on is not as it should be", warning)
    jumped = ledger.clock_problem()
    last = ledger.log_of_events.last_recorded_at()
    if jumped:
        yield Finding("clock", "act", "nothing is recorded", jumped)
    elif last is not None and last > instant(ledger.clock() + timedelta(minutes=1)):
        advice = "set it, if it is the wrong one; until then events have that time"
        yield Finding("clock", "act", f"it is behind the last event, of {last}", advice)
    else:
        yield Finding("clock", "ok", f"it shows {instant(ledger.clock())}, and is believed")
    yield _of_data_keys(ledger, chosen)


def _of_data_keys(ledger: OrderLedger, chosen: Settings) -> Finding:
    if ledger.keys is None:
        return Finding(
            "data keys", "look", "personal data are not sealed", "`run.py seal` makes a ledger where they are"
        )
    try:
        missing = missing_erasures(ledger, ledger.keys, Erasures(chosen.erasures))
    except ErasuresMalformed as error:
        return Finding("erasures", "act", str(error), "bring the file back as it was")
    if missing:
        facts = counted(len(missing), "is not in this ledger", "are not in this ledger")
        return Finding("erasures", "act", facts, "`run.py erase --again` repeats them")
    masters = chosen.keys.masters
    file = ledger.keys.store.file
    if file is not None and masters.text is None and masters.file.resolve().parent == file.resolve().parent:
        return Finding(
            "data keys",
            "look",
            "the master key is beside the keys that it wraps",
            "keep it elsewhere: LEDGER_MASTER, LEDGER_MASTER_KEY",
        )
    return Finding("data keys", "ok", f"keyring {ledger.keys.store.id}, and the master key is elsewhere")


def _of_views(ledger: OrderLedger, views: Views) -> Iterator[Finding]:
    try:
        position = views.position()
        lag, stopped = max(0, ledger.head() - position), views.stopped_count()
        for raw in ledger.log_of_events.raw_records(after=position, limit=1):
            with suppress(DamagedEvent):  # they pass over that history alone
                ledger.mapper.read(raw)
    except ViewsUnavailable:
        yield Finding("views", "look", "there are none of this version", "`run.py serve` makes them when it starts")
        return
    except (UnknownTopic, KeysMissing) as error:
        advice = "bring what is missing: the program's newer version, or the keys"
        yield Finding("views", "act", f"they are {counted(lag, 'event')} behind, and stay so: {error}", advice)
        return
    if lag > READY_LAG_EVENTS_MAX:
        advice = "look at the service's log for why they are not fed; `run.py rebuild` makes them anew"
        yield Finding("views", "act", f"{counted(lag, 'event')} behind", advice)
    else:
        yield Finding("views", "ok", f"{counted(lag, 'event')} behind the log")
    if stopped:
        advice = "`run.py verify` says which, where and why"
        yield Finding("orders", "act", f"{counted(stopped, 'history', 'histories')} cannot be read to the end", advice)


def _of_signing(ledger: OrderLedger, views: Views, chosen: Settings) -> Iterator[Finding]:
    try:
        public = Checkpoints(ledger, views, key=chosen.key, kept=chosen.checkpoints).public()
    except KeyExposed as error:
        yield Finding("signing key", "act", "others may have signed with it", str(error))
        return
    except NoSigningKey as error:
        is_signed = not chosen.key.exists() and ledger.log_of_events.last_checkpoint() is not None
        if is_signed and not ledger.log_of_events.is_local:
            advice = f"no other key: where it is to sign, too, bring the file of the one that does to {chosen.key}"
            yield Finding("signing key", "look", "this machine signs nothing, another has", advice)
            return
        advice = f"{error} Without one nobody can prove what was recorded"
        if is_signed:
            lost = "`run.py key create` only where it is lost: `run.py verify` refuses what another signs"
            advice = f"bring the file of the key that has signed it to {chosen.key}; {lost}"
        yield Finding("signing key", "act", "the log's head is not signed", advice)
        return
    yield Finding("signing key", "ok", str(public))
    last = ledger.log_of_events.last_checkpoint()
    if last is None:
        yield Finding("signed head", "act", "there is none", "`run.py checkpoint` signs one; hand out copies")
        return
    age = ledger.clock() - datetime.fromisoformat(last.made_at)
    behind = ledger.head() - last.size
    facts = f"{counted(behind, 'event was', 'events were')} recorded since the last, {_in_words(age)} ago"
    every = timedelta(seconds=chosen.checkpoint_seconds)
    if behind and every and age > every + _SIGNED_LATE:
        yield Finding(
            "signed head", "act", facts, "look at the service's log for why none is signed; `run.py checkpoint`"
        )
    else:
        yield Finding("signed head", "ok", facts)


def _of_backups(ledger: OrderLedger, chosen: Settings) -> Finding:
    if chosen.ledger is not None and (at_work := _litestream(chosen.ledger)) is not None:
        facts = f"Litestream was at work {_in_words(utc_now() - at_work)} ago"
        if (ledger.log_of_events.last_recorded_at() or "") > instant(at_work + _COPIED_LATE):
            return Finding("backup", "act", f"{facts}, and events were recorded since", "look why it does not go on")
        return Finding("backup", "ok", facts)
    is_whole = chosen.ledger is not None
    daily = "; or let Litestream copy all along" if is_whole else ", and let PostgreSQL's own tools copy the log"
    to_do = f"`run.py backup DIR`, daily{daily}"
    try:
        made_at, _, where = (chosen.folder / NOTES).read_text(errors="surrogateescape").splitlines()[-1].split(" ", 2)
        age = utc_now() - datetime.fromisoformat(made_at)
    except (OSError, ValueError, IndexError):
        return Finding("backup", "act", "there was none", to_do)
    facts = f"the last was made {_in_words(age)} ago, in {where}{'' if is_whole else ', without the log'}"
    if age > BACKUP_AGE_MAX:
        return Finding("backup", "act", facts, to_do)
    return Finding("backup", "ok", facts)


def _litestream(ledger: Path) -> datetime | None:
    """The time of Litestream's last write to its folder beside the ledger; None without Litestream."""
    folder = ledger.with_name(_LITESTREAM.format(ledger.name))
    times = [path.stat().st_mtime for path in folder.rglob("*")] if folder.is_dir() else []
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _in_words(span: timedelta) -> str:
    for unit, one in (("days", timedelta(days=2)), ("hours", timedelta(hours=2)), ("minutes", timedelta(minutes=2))):
        if span >= one:
            return f"{int(span / (one / 2))} {unit}"
    return counted(max(0, int(span.total_seconds())), "second")
