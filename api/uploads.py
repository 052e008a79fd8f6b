"""Tells what settlement files that were taken in come to, in this process or in another."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.answers import fitting
from api.settings import Settings
from api.taking_in import Upload, reconciling_at, start
from domain.ledger import OrderLedger
from domain.privacy.opening import LedgerAt
from domain.reconciliation.report import Result
from domain.reconciling import Outcome, Reconciling
from projections.reconciliations import shown

RESULTS_MAX: Final = 1_000


def is_packed(upload: Upload) -> bool:
    """Whether the file is a zip, as a workbook is."""
    with open(upload.path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


class Window(NamedTuple):
    """The results that are asked for: of which outcomes, None for all, behind how many, and how many at most."""

    outcomes: frozenset[str] | None = None
    after: int = 0
    limit: int = RESULTS_MAX


class Told(NamedTuple):
    """A reconciliation as it is answered with; `fed_to` is where the views are."""

    body: bytes
    uuid: UUID
    version: int
    position: int
    is_new: bool
    fed_to: int


def told(ledger: OrderLedger, reconciling: Reconciling, outcome: Outcome, window: Window | None) -> Told:
    """A reconciliation as it is now, with a page of its results; without a window, with those that were decided."""
    state = outcome.reconciliation
    one = shown.show(ledger, reconciling, state)
    coming: Iterable[tuple[int, Result]]
    if window is not None:
        coming = shown.page(one, window.outcomes, after=window.after, limit=window.limit)
    else:
        places = [place for id_ in dict.fromkeys(outcome.results) if (place := one.kept.place(id_)) is not None]
        coming = ((place + 1, one.kept.results(place, place + 1)[0]) for place in places)
    encoded = ((place, msgspec.json.encode(shown.result_document(one, result))) for place, result in coming)
    fits = fitting(encoded)
    reached = fits.reached or (window.after if window else 0)
    whole = window is None or shown.is_last(one, window.outcomes, reached)
    body = {
        **shown.document(one),
        "since_last_run": shown.difference(one) if window and not window.after else None,
        "results": [msgspec.Raw(row) for row in fits.rows],
        "next": None if whole else str(reached),
    }
    return Told(msgspec.json.encode(body), state.uuid, state.version, outcome.position, outcome.is_new, ledger.fed_to)


def take_in(ledger: OrderLedger, reconciling: Reconciling, upload: Upload, window: Window) -> Told:
    """Raises what `Reconciling.start` does."""
    return told(ledger, reconciling, start(reconciling, upload), window)


def take_in_apart(at: LedgerAt, settings: Settings, upload: Upload, window: Window) -> Told:
    """The same, for a process of its own."""
    with reconciling_at(at, settings) as (ledger, reconciling):
        return take_in(ledger, reconciling, upload, window)
