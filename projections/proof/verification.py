"""Is the log still the one that was recorded? Every stored byte is read again and compared with everything that depends
on it.

Each record is compared with its digest, with the tree of the views and with every kept checkpoint. Each history is
folded anew and compared with its rows in the views. The claims are compared with the events that took them, and the
access keys with the events that made, scoped and revoked them. The data kept beside the records are checked, and the
engine's tables, indexes and triggers. The verification only reads, in parts that run side by side on all cores.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from eventsourcing.persistence import PersistenceError

from domain.aggregate import Record
from domain.log.log import Census
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.privacy.opening import LedgerLocation
from domain.proof.checkpoint import VerifierKey
from projections.processes import opened, processes, reopened
from projections.proof.problems import SOMEWHERE, Problem, in_order
from projections.proof.verifying_beside import check_beside, check_sealing
from projections.proof.verifying_checkpoints import CheckpointSource, GrowingTree, Verified, signed_checkpoints
from projections.proof.verifying_claims import check_claims
from projections.proof.verifying_claims import unexplained_claims as claims_of_nobody
from projections.proof.verifying_files import check_files, names_of_files
from projections.proof.verifying_histories import check_histories, unknown_histories
from projections.proof.verifying_keys import check_keys
from projections.proof.verifying_records import check_records, digests_of, is_intact, missing
from projections.proof.verifying_sealed import check_sealed
from projections.proof.verifying_views import check_views
from projections.views.fold import histories
from projections.views.generation import Generations

PART_RECORDS: Final = 8_192


def verify(
    ledger: LedgerLocation,
    views: Path | None,
    *,
    checkpoints: Sequence[CheckpointSource],
    key: VerifierKey | None,
    progress: Callable[[int, int], None],
) -> Verified:
    """Reads the whole log. `views` is the link to the views to compare with, or None where there are none. It is
    followed for each part: an erasure, for example, puts a copy of the views in force meanwhile. Raises
    ViewsUnavailable.

    Without a `key` the checkpoints' roots are checked and their signatures are not; `unsigned` counts those.
    """
    with reopened(ledger.url) as log:
        files = log.kept_files()  # read before the head, so that every record naming them is within the head
        census = log.census()
        head, given = census.head, census.given
        starts = [part * PART_RECORDS + 1 for part in log.parts(PART_RECORDS)]
    verified = Verified(events=head)
    kept = signed_checkpoints(checkpoints, key, verified)
    if given > head:
        reason = f"positions to {given} were given, and the log ends at {head}: its end was deleted"
        verified.problems.append(Problem(head + 1, None, reason))
    for before, after in pairwise([1 - PART_RECORDS, *starts]):
        if (gap := before + PART_RECORDS) < after:
            verified.problems.append(Problem(gap, None, missing(gap, after - 1)))
    steps = len(starts) + 1
    with processes() as pool:
        engine = pool.submit(check_engine, ledger, views)
        rest = pool.submit(check_orphaned_histories, ledger, views, head)
        keys = pool.submit(check_access, ledger, head)
        coming = deque(pool.submit(check_part, ledger, views, s, s - 1 + PART_RECORDS, head) for s in starts)
        claimed: Counter[str] = Counter()
        named: set[str] = set()
        growing = GrowingTree(kept, verified, None if views is None else Generations(views).opened()[1])
        for done in range(1, steps):
            found = coming.popleft().result()
            verified.problems += found.records + found.claims + found.histories
            claimed += found.claimed
            named |= found.named
            verified.orders += found.orders
            growing.append(found.digests)
            progress(head * done // steps, head)
        growing.finish()
        problems, count = rest.result()
        verified.problems += problems
        verified.orders += count
        verified.problems += pool.submit(check_claims_left, ledger, census, claimed).result() + engine.result()
        notes = [note for source in checkpoints for note in source.notes]
        verified.problems += pool.submit(check_data_beside, ledger, head, sorted({*files} - named), notes).result()
        problems, verified.keys_not_recorded = keys.result()
        verified.problems += problems
        progress(head, head)
    altered = [problem.position for problem in verified.problems if problem.until is None]
    for node in growing.nodes:
        if not any(node.position <= position <= (node.until or 0) for position in altered):
            verified.problems.append(node)
            altered.append(node.position)
    verified.problems = in_order(verified.problems)
    return verified


class PartResult(NamedTuple):
    """The problems of the records in a span of positions, of their claims, and of the histories that begin there. Also
    the number of orders among these, the number of claims by kind that hold, and the records' digests."""

    records: list[Problem]
    claims: list[Problem]
    histories: list[Problem]
    orders: int
    claimed: Counter[str]
    digests: list[bytes]
    # The SHA-256s of the kept files that the records name.
    named: set[str]


def check_part(ledger: LedgerLocation, views: Path | None, first: int, last: int, head: int) -> PartResult:
    """Checks the records from one position to another, and the whole histories that begin there."""
    last = min(last, head)
    with opened(ledger) as (log, mapper), _reading(views) as reader:
        raws, records = check_records(log, reader, first, last)
        digests = [raw.digest for raw in raws] if not records else digests_of(raws, first, last)
        altered = {raw.position for raw in raws if not is_intact(raw)} if records else set()
        records += check_files(log, None if mapper.sealing is None else mapper.sealing.keys, raws)
        read, keyring = _ReadOnce(mapper), log.keyring()
        records += check_sealing(raws, None if keyring is None else keyring.since, read)
        try:
            whole = histories(log, raws, first, last, head)
            mapper.prefetch_keys(whole)
            unclaimed, claimed = check_claims(log, raws, read, altered)
            begun = [raw.order for raw in raws if raw.version == 1]
            found, orders = check_histories(log, reader, mapper, whole, begun, read=read)
            if found:
                records += check_sealed(mapper, whole)
        except (PersistenceError, sqlite3.Error, TypeError, ValueError) as error:
            reason = f"the orders that begin from here to position {last} cannot all be read: {error}"
            found, orders, unclaimed, claimed = [Problem(first, None, reason, SOMEWHERE)], 0, [], Counter()
        return PartResult(records, unclaimed, found, orders, claimed, digests, names_of_files(raws))


class _ReadOnce:
    """Maps each of a part's records once, for all checks of the part."""

    def __init__(self, mapper: EventMapper) -> None:
        self._mapper = mapper
        self._records: dict[int, Record] = {}

    def __call__(self, raw: RawRecord) -> Record:
        """The record, without a check of its digest. Raises the errors of `read_unchecked`, each time."""
        if (record := self._records.get(raw.position)) is None:
            record = self._records[raw.position] = self._mapper.read_unchecked(raw)
        return record


def check_orphaned_histories(ledger: LedgerLocation, views: Path | None, head: int) -> tuple[list[Problem], int]:
    """The problems of histories without a beginning, in the log and in the views; and the number of orders among
    them."""
    with opened(ledger) as (log, mapper), _reading(views) as reader:
        try:
            raws = list(log.raw_records_without_beginning(head))
            uuids = list(dict.fromkeys(raw.order for raw in raws))
            problems, orders = check_histories(log, reader, mapper, raws, uuids, read=mapper.read_unchecked)
            return problems + ([] if reader is None else list(unknown_histories(log, reader))), orders
        except (PersistenceError, sqlite3.Error, TypeError, ValueError) as error:
            return [Problem(0, None, f"the orders cannot all be read: {error}", SOMEWHERE)], 0


def check_claims_left(ledger: LedgerLocation, census: Census, claimed: Counter[str]) -> list[Problem]:
    """The claims that no event made."""
    with reopened(ledger.url) as log:
        try:
            return list(claims_of_nobody(log, census, claimed))
        except PersistenceError as error:
            return [Problem(0, None, f"the claims cannot all be read: {error}", SOMEWHERE)]


def check_access(ledger: LedgerLocation, head: int) -> tuple[list[Problem], list[str]]:
    """The problems of access keys that differ from their events; and the names of the keys, where all are older than
    recorded keys."""
    with reopened(ledger.url) as log:
        try:
            return check_keys(log, head)
        except PersistenceError as error:
            return [Problem(0, None, f"the access keys cannot all be read: {error}", SOMEWHERE)], []


def check_data_beside(ledger: LedgerLocation, head: int, unnamed: list[str], notes: list[bytes]) -> list[Problem]:
    """The problems of the data kept beside the records. `unnamed` are the kept files that no record names, `notes` the
    checkpoints from all places."""
    with reopened(ledger.url) as log:
        try:
            return list(check_beside(log, head, unnamed, notes))
        except (PersistenceError, TypeError, ValueError) as error:
            return [Problem(0, None, f"what is kept beside the records cannot all be read: {error}", SOMEWHERE)]


def check_engine(ledger: LedgerLocation, views: Path | None) -> list[Problem]:
    """The problems that the engine itself finds in the log and in the views' file; and the histories at which the views
    stopped."""
    with reopened(ledger.url) as log, _reading(views) as reader:
        try:
            problems = [Problem(*fault, None if fault.position else SOMEWHERE) for fault in log.faults()]
        except PersistenceError as error:
            problems = [Problem(0, None, f"the engine's own check cannot be made: {error}", SOMEWHERE)]
        return problems if reader is None else problems + check_views(reader, log)


@contextmanager
def _reading(views: Path | None) -> Iterator[sqlite3.Connection | None]:
    """A connection to the views; None where there are none."""
    reader = None if views is None else Generations(views).opened()[1]
    try:
        yield reader
    finally:
        if reader is not None:
            reader.close()
