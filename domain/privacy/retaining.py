"""Which personal data have been kept long enough? By subject, year and part, from the last events of orders and of
reconciliations; with what keeps some of them longer."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.ledger import owner_of, subjects_of
from domain.order.erasure import is_in_work
from domain.order.personal import CONTACT, PARTS
from domain.order.state import Order
from domain.privacy.keyring import DataOwner, Keyring
from domain.privacy.periods import RetentionPeriods
from domain.reconciled import owner_of as whose_reconciliation
from domain.reconciliation.state import FILE, Reconciliation


class Due(NamedTuple):
    """A part of a subject's personal data, in the orders of one year. Its retention period ended at `until`."""

    subject: str
    year: int
    part: str
    until: datetime
    orders: Sequence[Order]


class FileDue(NamedTuple):
    """Parts of a reconciliation, in the state it was judged by; the last of their retention periods ended at
    `until`."""

    state: Reconciliation
    parts: tuple[str, ...]
    until: datetime


class Retained(NamedTuple):
    """A part that stays after the end of its retention period, and the reason why."""

    subject: str
    year: int
    part: str
    why: str


def due(
    orders: Iterable[Order], keys: Keyring, keep: RetentionPeriods, now: datetime
) -> tuple[list[Due], list[Retained]]:
    """The parts of orders' personal data that are due, and those that stay for another reason."""
    of: dict[DataOwner, list[Order]] = {}
    every: dict[str, list[Order]] = {}
    for order in orders:
        of.setdefault(owner := owner_of(order), []).append(order)
        every.setdefault(owner.subject, []).append(order)
    found: list[Due] = []
    staying: list[Retained] = []
    for owner, theirs in sorted(of.items()):
        for part in PARTS:
            there = [order for order in theirs if part not in order.erased]
            until = max((keep.until(part, order.retention_from) for order in there), default=None)
            if until is None or until > now:
                continue
            sealing = (key for subject in subjects_of(there) for key in keys.store.of_subject(subject))
            if hold := keys.store.hold_on(subjects_of(every[owner.subject])):  # an order of another year holds, too
                staying.append(Retained(*owner, part, f"held by {hold.reference}"))
            elif in_work := [order.id for order in there if is_in_work(order)]:
                staying.append(Retained(*owner, part, f"order {in_work[0]} is in work"))
            elif any(key.part == part and key.year == owner.year for key in sealing):
                found.append(Due(*owner, part, until, there))
    return found, staying


def files_due(
    states: Iterable[Reconciliation], keys: Keyring, keep: RetentionPeriods, now: datetime
) -> tuple[list[FileDue], list[Retained]]:
    """The same as `due`, for settlement files and for the reasons that people gave in reconciliations."""
    found: list[FileDue] = []
    staying: list[Retained] = []
    for state in states:
        owner = whose_reconciliation(state)
        there = {key.part for key in keys.store.of_subject(owner.subject) if key.destroyed_at is None}
        until = {part: keep.until(part, state.updated_at) for part in (FILE, CONTACT) if part in there}
        parts = tuple(part for part in until if until[part] <= now)
        if not parts:
            continue
        if hold := keys.store.hold_on([owner.subject]):
            staying += [Retained(*owner, part, f"held by {hold.reference}") for part in parts]
        elif state.is_in_work:
            staying += [Retained(*owner, part, f"{state.open} of its results are open") for part in parts]
        else:
            found.append(FileDue(state, parts, max(until[part] for part in parts)))
    return found, staying
