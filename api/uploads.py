"""Takes settlement files in, in this process or in another, and tells what they come to."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.reconciling import Outcome, Reconciling
from projections.journal import Journal
from projections.processes import reopened
from projections.reconciliations import shown
from projections.views.views import Views


class Upload(NamedTuple):
    """A settlement file, at a path of ours; `name` is its sender's."""

    path: str
    name: str
    provider: str
    rules: str | None
    provenance: Provenance


def is_packed(upload: Upload) -> bool:
    """Whether the file is a zip, as a workbook is."""
    with open(upload.path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


class Told(NamedTuple):
    """A reconciliation as it is answered with; `fed_to` is where the views are."""

    body: bytes
    uuid: UUID
    version: int
    position: int
    is_new: bool
    fed_to: int


def told(ledger: OrderLedger, reconciling: Reconciling, outcome: Outcome, wanted: frozenset[str] | None) -> Told:
    """The whole of it as it is now; of the results those of the wanted outcomes, where any are named."""
    state = outcome.reconciliation
    body = msgspec.json.encode(shown.document(shown.show(ledger, reconciling, state), wanted))
    return Told(body, state.uuid, state.version, outcome.position, outcome.is_new, ledger.fed_to)


def take_in(ledger: OrderLedger, reconciling: Reconciling, upload: Upload, wanted: frozenset[str] | None) -> Told:
    """Raises what `Reconciling.start` does."""
    with open(upload.path, "rb") as file:
        outcome = reconciling.start(file, upload.name, upload.provider, upload.rules, upload.provenance)
    return told(ledger, reconciling, outcome, wanted)


def take_in_apart(settings: Settings, upload: Upload, wanted: frozenset[str] | None) -> Told:
    """The same, for a process of its own."""
    with reopened(settings.url) as log:
        ledger = OrderLedger(log, currency_default=settings.currency)
        views = Views(ledger, settings.views)
        ledger.feed = lambda written: views.catch_up(written=written)
        return take_in(ledger, Reconciling(ledger, Journal(views)), upload, wanted)
