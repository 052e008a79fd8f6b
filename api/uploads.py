"""Reconciles settlement files, in this process or in another, and makes the answers about reconciliations."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.answers import fit_rows
from api.settings import Settings
from api.taking_in import Upload, reconciling_at, start
from domain.ledger import OrderLedger
from domain.privacy.opening import LedgerLocation
from domain.reconciliation.report import Result
from domain.reconciling import Outcome, Reconciling
from projections.reconciliations import shown

RESULTS_MAX: Final = 1_000


def is_packed(upload: Upload) -> bool:
    """Whether the file is a zip, as a workbook is."""
    with upload.content.opened() as file:
        return file.read(4) == b"PK\x03\x04"


class Window(NamedTuple):
    """A page of results: their outcomes, None for all; the number of results before it; and its length at most."""

    outcomes: frozenset[str] | None = None
    after: int = 0
    limit: int = RESULTS_MAX


class ReconciliationAnswer(NamedTuple):
    """The answer about a reconciliation; `fed_to` is the position of the views."""

    body: bytes
    uuid: UUID
    version: int
    position: int
    is_new: bool
    fed_to: int


def answer_of(
    ledger: OrderLedger, reconciling: Reconciling, outcome: Outcome, window: Window | None
) -> ReconciliationAnswer:
    """The answer about a reconciliation, with a page of its results; without a window with the results of the
    decision."""
    state = outcome.reconciliation
    one = shown.show(ledger, reconciling, state)
    coming: Iterable[tuple[int, Result]]
    if window is not None:
        coming = shown.page(one, window.outcomes, after=window.after, limit=window.limit)
    else:
        places = [place for id_ in dict.fromkeys(outcome.results) if (place := one.kept.place(id_)) is not None]
        coming = ((place + 1, one.kept.results(place, place + 1)[0]) for place in places)
    encoded = ((place, msgspec.json.encode(shown.result_document(one, result))) for place, result in coming)
    fits = fit_rows(encoded)
    reached = fits.reached or (window.after if window else 0)
    whole = window is None or shown.is_last(one, window.outcomes, reached)
    body = {
        **shown.document(one),
        "since_last_run": shown.difference(one) if window and not window.after else None,
        "results": [msgspec.Raw(row) for row in fits.rows],
        "next": None if whole else str(reached),
    }
    return ReconciliationAnswer(
        msgspec.json.encode(body), state.uuid, state.version, outcome.position, outcome.is_new, ledger.fed_to
    )


def take_in(ledger: OrderLedger, reconciling: Reconciling, upload: Upload, window: Window) -> ReconciliationAnswer:
    """Reconciles a file and answers with the reconciliation. Raises what `Reconciling.start` raises."""
    return answer_of(ledger, reconciling, start(reconciling, upload), window)


def take_in_apart(at: LedgerLocation, settings: Settings, upload: Upload, window: Window) -> ReconciliationAnswer:
    """`take_in` in a process of its own."""
    with reconciling_at(at, settings) as (ledger, reconciling):
        return take_in(ledger, reconciling, upload, window)
