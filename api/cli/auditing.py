"""`run.py key`, `checkpoint` and `verify`: signs the log's head, and checks every stored byte."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from eventsourcing.persistence import PersistenceError

from api.cli.terminal import NEEDS_A_PERSON, fail, fed_views, open_ledger, open_views, progress, settings, tell
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.log import Log
from domain.log.opening import open_log, standby_url, without_secrets
from domain.privacy.erasing import unrecorded
from domain.privacy.opening import LedgerLocation
from domain.proof.checkpoint import CheckpointMalformed, VerifierKey, split
from projections.proof.problems import SOMEWHERE, Problem
from projections.proof.signing import Checkpoints, KeyExposed, LogAltered, NoSigningKey, create_key, public_key
from projections.proof.verification import verify as verify_log
from projections.proof.verifying_checkpoints import CheckpointSource, checkpoints_of
from projections.views.views import ViewsUnavailable

PROBLEMS_SHOWN_MAX = 20
STANDBY_SECONDS_MAX = 30


@click.group()
def key() -> None:
    """The key that signs the log's checkpoints."""


@key.command("create")
def key_create() -> None:
    """Make the signing key (LEDGER_KEY) and print its public half.

    Publish the public half, by which auditors check signatures. Keep the private half out of backups that others read.
    A key is never written over. On PostgreSQL one machine makes the key for all of them.
    """
    chosen = settings()
    if chosen.ledger is None and open_ledger(chosen).log_of_events.checkpoints(1):
        fail(
            "this ledger is signed already, by a key that is not here: what another key signs is a fault for `run.py"
            f" verify`, for ever. Where this machine is to sign, bring the file of that key to {chosen.key}."
        )
    try:
        print(create_key(chosen.key))
    except FileExistsError:
        fail(f"{chosen.key} is there already; a signing key is never written over. `run.py key show` prints it.")


@key.command("rotate")
def key_rotate() -> None:
    """Replace the signing key, and print the new public half.

    The old key signs for the new one at the log's head. Its signatures up to there hold for ever, and none beyond. Its
    private half is deleted. Running services use the new key at once; copy its file to other machines of the same
    ledger (LEDGER_KEY).
    """
    checkpoints = _checkpoints()
    try:
        handed = checkpoints.hand_over()
    except LogAltered as error:
        fail(f"the key is as it was: {error} `run.py verify` says where.", NEEDS_A_PERSON)
    print(handed.next)
    told = f"signed by the key before it, at {counted(handed.size, 'record')}: {handed.former}"
    tell(told)


@key.command("show")
def key_show() -> None:
    """Print the public half of the signing key."""
    print(public_key(settings().key))


def _checkpoints() -> Checkpoints:
    """The signing of the log's head, with the views fed to it."""
    chosen = settings()
    ledger = open_ledger(chosen)
    return Checkpoints(ledger, fed_views(ledger, chosen), key=chosen.key, kept=chosen.checkpoints)


@click.command()
def checkpoint() -> None:
    """Sign the log's head and print it. It is kept in the ledger and in LEDGER_CHECKPOINTS.

    Hand copies to people who do not trust each other: each copy shows a log that was cut or rewritten later.
    """
    checkpoints = _checkpoints()
    try:
        sys.stdout.buffer.write(checkpoints.current())
    except LogAltered as error:
        fail(f"the log is not signed any more: {error} `run.py verify` says where.", NEEDS_A_PERSON)


def _standby_at(standby: str, head: int) -> str:
    """The URL of a standby's log, once the standby has reached the ledger's head."""
    try:
        log = open_log(url := standby_url(standby))
        deadline = time.monotonic() + STANDBY_SECONDS_MAX
        while (log.max_notification_id() or 0) < head:
            if time.monotonic() > deadline:
                fail(f"--standby: it has not come to position {head} within {STANDBY_SECONDS_MAX} s.", NEEDS_A_PERSON)
            time.sleep(0.1)
    except ValueError as error:
        fail(f"--standby {error}")
    except PersistenceError as error:
        fail(f"--standby: {without_secrets(str(error).strip())}")
    log.close()
    return url


def _of_destroyed_keys(ledger: OrderLedger) -> list[Problem]:
    """The destroyed data keys without an erasure in the log. A restore does not ask this, since erasures may have to be
    repeated after it."""
    after = "no event says so; `run.py erase --again` repeats what a restored ledger lacks"
    return [
        Problem(0, None, f"the key {key.id} ({key.part} of {key.subject}) is destroyed, and {after}", SOMEWHERE)
        for key in ([] if ledger.keys is None else unrecorded(ledger, ledger.keys))
    ]


def _mend_index(log: Log) -> None:
    try:
        log.mend_indexes()
        print("the ledger's indexes were made anew from its tables")
    except PersistenceError as error:
        print(f"the ledger's indexes could not be made anew, and are as they were: {error}")


def _kept_in_files(kept: Path, handed: Path | None) -> Iterator[CheckpointSource]:
    """The signed heads of the file beside the ledger, and of the file given as `--checkpoint`."""
    if kept.exists():
        yield CheckpointSource(f"kept in {kept}", list(split(kept.read_bytes())))
    if handed is not None:
        if not (notes := list(split(handed.read_bytes()))):
            fail(f"--checkpoint: {handed} holds none; it should have one, or several, as the ledger signs them.")
        yield CheckpointSource(f"in {handed}", notes)


@click.command()
@click.option(
    "--checkpoint",
    "handed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with one or more checkpoints that an auditor kept.",
)
@click.option("--key", "key_text", help="The public key to check signatures by.  [default: the ledger's own]")
@click.option(
    "--mend-index", is_flag=True, help="First make the ledger's indexes anew from its tables; no record is changed."
)
@click.option(
    "--standby", help="Read the log from this standby of its PostgreSQL, like postgresql://user@standby/ledger."
)
def verify(handed: Path | None, key_text: str | None, mend_index: bool, standby: str | None) -> None:
    """Read every stored byte again: is it what was recorded?

    Checks each record by its digest; the versions of each history; the tree by every checkpoint (in the ledger, in
    LEDGER_CHECKPOINTS and in the file given) and the checkpoints' signatures; the views by each order folded anew; the
    claims and the access keys by their events; and the ledger's tables, indexes and triggers. Names the first bad
    position, its order and the reason, and exits 1.
    """
    chosen = settings()
    ledger = open_ledger(chosen)
    try:
        public = VerifierKey.parse(key_text) if key_text else public_key(chosen.key)
    except CheckpointMalformed as error:
        fail(f"--key: {error}")
    except KeyExposed as error:
        fail(str(error))
    except NoSigningKey:
        public = None
    if mend_index:
        _mend_index(ledger.log_of_events)
    views = open_views(ledger, chosen)
    url = chosen.url if standby is None else _standby_at(standby, ledger.head())
    sources = [checkpoints_of(ledger.log_of_events), *_kept_in_files(chosen.checkpoints, handed)]
    at = LedgerLocation(url, ledger.location.keys)
    try:
        with progress("verifying") as say:
            found = verify_log(at, views.in_force(), checkpoints=sources, key=public, progress=say)
    except ViewsUnavailable as error:
        fail(f"{error}; this can be run again", NEEDS_A_PERSON)
    found.problems += _of_destroyed_keys(ledger)
    print(
        f"{counted(found.events, 'event')} of {counted(found.orders, 'order')} read,"
        f" {counted(found.checkpoints, 'checkpoint')} held against them"
    )
    if views.in_force() is None:
        print("there are no views of this version of the program to compare with")
    if found.unsigned:
        print("no signing key is known, so the checkpoints' signatures were not checked (--key names one)")
    if found.keys_not_recorded:
        names = ", ".join(found.keys_not_recorded)
        told = f"access keys of a time when none was recorded, so nothing tells who made them: {names}"
        tell(f"{told} (`run.py token adopt` records them as they are)")
    if not found.problems:
        print("everything holds")
        return
    first = found.problems[0]
    print(f"position {first.position}, order {first.order or 'unknown'}: {first.reason}")
    for problem in found.problems[1:PROBLEMS_SHOWN_MAX]:
        print(f"also position {problem.position}, order {problem.order or 'unknown'}: {problem.reason}")
    if len(found.problems) > PROBLEMS_SHOWN_MAX:
        print(f"and {len(found.problems) - PROBLEMS_SHOWN_MAX} more")
    sys.exit(NEEDS_A_PERSON)
