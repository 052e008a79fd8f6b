"""Copying a log from one engine to another: every record, claim, signed head, key and file exactly as it is stored.

Each record's digest is checked on the way, and the copied records are read back and compared. The data keys are copied
wrapped, as they are. No process writes to the source meanwhile. A broken-off copy is begun again by the same command,
and goes on from its last record.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from domain.log.log import Census, Log, Reading
from domain.log.records import NewClaim
from domain.privacy.keyring import KeyStore

BATCH_RECORDS: Final = 4_096
_T = TypeVar("_T")


class NotMigrated(Exception):
    """The log could not be copied. The message says why, and at which position where there is one."""


class Migrated(NamedTuple):
    """The counts of a finished copy."""

    census: Census
    checkpoints: int
    access_keys: int
    files: int


def migrate(
    source: Log, target: Log, progress: Callable[[int, int], None], keys: tuple[KeyStore, KeyStore] | None = None
) -> Migrated:
    """Makes the target a copy of the source. `progress` gets the position reached and the head. `keys` are the data
    keys' store and its target; None for a log without data keys.

    Raises NotMigrated, and OperationalError where one of the two logs cannot be reached.
    """
    target.create()
    with source.locked() as held:
        head = held.census().head
        copied = _must_be_the_same(held, target)
        if keys is not None:
            copy_keys(*keys)
        while copied < head:
            copied = _copy_records(held, target, copied, head)
            progress(copied, head)
        for claims in _batches(held.every_claim()):
            _copy_claims(target, claims)
        _copy_the_rest(held, target)
        return _compared(held, target)


def _must_be_the_same(source: Reading, target: Log) -> int:
    """The head of the target. Raises NotMigrated where the target's last record is not the source's at its position."""
    head = target.max_notification_id() or 0
    if head and source.raw_record(head) != target.raw_record(head):
        raise NotMigrated(f"position {head}: the other place has a record that is not this ledger's.")
    return head


def copy_keys(source: KeyStore, target: KeyStore) -> None:
    """Copies the data keys, wrapped. Raises NotMigrated where the target has the keys of another ledger."""
    if source.file is not None and source.file == target.file:
        return
    if target.exists() and target.id != source.id:
        raise NotMigrated(f"{target.shown} has the keys of another ledger; copy to where none was begun.")
    target.take_over(source)


def _copy_records(source: Reading, target: Log, after: int, head: int) -> int:
    """Copies the next records; returns the position reached. Raises NotMigrated."""
    until = min(head, after + BATCH_RECORDS)
    raws = list(source.raw_records(after=after, until=until))
    there = {raw.position: raw for raw in raws}
    for position in range(after + 1, until + 1):
        if position not in there:
            raise NotMigrated(f"position {position}: no record stands here; `run.py verify` says more.")
        if not there[position].digest_holds():
            raise NotMigrated(f"position {position}: the record is not what its digest was made of.")
    with target.transaction() as t:
        t.take_over(raws)
    if list(target.raw_records(after=after, until=until)) != raws:
        raise NotMigrated(f"position {after + 1}: what was copied from here on did not come back as it is.")
    return until


def _copy_claims(target: Log, claims: list[NewClaim]) -> None:
    known = target.claimed((claim.kind, claim.value) for claim in claims)
    if missing := [claim for claim in claims if (claim.kind, claim.value) not in known]:
        with target.transaction() as t:
            t.take_over([], missing)


def _copy_the_rest(source: Reading, target: Log) -> None:
    with target.transaction() as t:
        for kept in source.every_checkpoint():
            t.keep_checkpoint(kept.size, kept.note, datetime.fromisoformat(kept.made_at))
        for handed in source.handovers()[len(target.handovers()) :]:
            t.keep_handover(handed)
        if (keyring := source.keyring()) is not None and target.keyring() is None:
            t.keep_keyring(keyring)
        for key in source.access_keys():
            t.put_access_key(key)
        for former in source.former_keys():
            t.put_former_key(former)
    for sha256 in source.kept_files():
        with target.transaction() as t:
            t.keep_file(sha256, BytesIO(b"".join(source.kept_file(sha256))))


def _compared(source: Reading, target: Log) -> Migrated:
    """Compares the copy with the source; returns the copy's counts. Raises NotMigrated where they differ."""
    census = target.census()
    parts = {
        "head or claims": (_counted(source.census()), _counted(census)),
        "claims": (set(source.every_claim()), set(target.every_claim())),
        "checkpoints": (list(source.every_checkpoint()), list(target.every_checkpoint())),
        "handovers": (source.handovers(), target.handovers()),
        "keyring": ([source.keyring()], [target.keyring()]),
        "access keys": (source.access_keys(), target.access_keys()),
        "former access keys": (source.former_keys(), target.former_keys()),
        "files": (source.kept_files(), target.kept_files()),
    }
    for what, (ours, theirs) in parts.items():
        if ours != theirs:
            raise NotMigrated(f"the {what} of the copy are others than those that were copied.")
    return Migrated(census, len(parts["checkpoints"][1]), len(parts["access keys"][1]), len(parts["files"][1]))


def _counted(census: Census) -> tuple[int, dict[str, int]]:
    return census.head, census.claims


def _batches(each: Iterator[_T]) -> Iterator[list[_T]]:
    while batch := list(islice(each, BATCH_RECORDS)):
        yield batch
