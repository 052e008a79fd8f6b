"""Takes a settlement file in. A large file is taken in by a process of its own, so this module imports nothing of HTTP:
that would take the process's memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.reduction import DupFd
from typing import Any, BinaryIO, NamedTuple

from msgspec.structs import replace

from api.settings import Settings
from api.under_way import Progress, under_way
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.privacy.opening import LedgerLocation
from domain.reconciling import IncomingFile, Outcome, Reconciling
from projections.journal import Journal
from projections.processes import reopened
from projections.views.views import Views


class UploadedContent:
    """An upload in a file without a name, so that nothing stays of it where the process is killed. It can be handed to
    a process that is started for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (DupFd(self._descriptor),)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, from its beginning on."""
        with open(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            yield file


def _reopened(descriptor: Any) -> UploadedContent:
    return UploadedContent(descriptor.detach())


class Upload(NamedTuple):
    """A settlement file; `name` is the client's name for it."""

    content: UploadedContent
    name: str
    provider: str
    rules: str | None
    provenance: Provenance


def start(reconciling: Reconciling, upload: Upload) -> Outcome:
    """Starts the reconciliation of a file. Raises what `Reconciling.start` raises."""
    with upload.content.opened() as file:
        return reconciling.start(file, upload.name, upload.provider, upload.rules, upload.provenance)


def take_in_with_progress(at: LedgerLocation, settings: Settings, upload: Upload, coming: IncomingFile) -> None:
    """Starts the reconciliation of a file in a process of its own, and writes its progress down."""
    uploads, progress = under_way(settings), Progress(coming.uuid, upload.provider, upload.name)

    def say(stage: str, lines: int) -> None:
        uploads.write(replace(progress, stage=stage, lines=lines))

    with reconciling_at(at, settings) as (_, reconciling), upload.content.opened() as file:
        reconciling.take_in(file, coming, upload.provenance, say)


@contextmanager
def reconciling_at(at: LedgerLocation, settings: Settings) -> Iterator[tuple[OrderLedger, Reconciling]]:
    """The ledger and its reconciliations, opened anew in a process of its own."""
    with reopened(at.url) as log:
        ledger = OrderLedger(log, currency_default=settings.currency, keys=at.keys, is_plain=at.keys is None)
        views = Views(ledger, settings.views)
        # Each payment is read once, so a large cache of pages would be of no use.
        views.reader.execute("PRAGMA cache_size = -1000")
        ledger.feed = lambda written: views.catch_up(written=written)
        yield ledger, Reconciling(ledger, Journal(views), settings.kept_bytes_max, settings.timezone.key)
