"""Are the kept files unaltered? Each is compared with the SHA-256 by which the log's records name it."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from eventsourcing.persistence import OperationalError
from msgspec.structs import astuple

from domain.log.log import Log
from domain.log.records import RawRecord
from domain.period.state import PERIOD
from domain.reconciliation.state import RECONCILIATION
from domain.topics import TOPICS
from projections.proof.problems import Problem

_NAMING: Final = frozenset(name for name, topic in TOPICS.items() if topic.kind in (RECONCILIATION, PERIOD))


def check_files(log: Log, raws: Iterable[RawRecord]) -> Iterator[Problem]:
    """The kept files against the SHA-256 under which the records name them."""
    for raw in raws:
        if raw.topic not in _NAMING:
            continue
        try:
            named = msgspec.json.decode(raw.payload, type=_Named)
        except (TypeError, ValueError):
            continue  # a damaged record, which is a problem of its own
        for sha256 in filter(None, astuple(named)):
            try:
                for _ in log.kept_file(sha256):
                    pass
            except OperationalError as error:
                yield Problem(raw.position, raw.order, str(error))


class _Named(msgspec.Struct):
    """The files that an event names."""

    file_sha256: str | None = None
    rules_sha256: str | None = None
    report_sha256: str | None = None
    index_sha256: str | None = None
    csv_sha256: str | None = None
