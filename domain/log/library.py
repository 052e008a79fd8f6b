"""What the eventsourcing library asks of a recorder, answered from the records of a log, on whichever engine."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, StoredEvent, Subscription

from domain.log.log import Log, Reading
from domain.log.records import LogEntry, entry_of


def must_follow(version: int, last: int, order: str) -> None:
    """Raises IntegrityError where a version does not follow on its order's last one."""
    if version != last + 1:
        raise IntegrityError(f"the log is append-only: version {version} of {order} does not follow on version {last}")


class LibraryReading:
    """The library's questions, answered from `raw_records` and `raw_records_of` of `log.Reading`."""

    def select_events(
        self: Reading,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LogEntry]:
        """An originator's events in the order of versions, each with its position."""
        found = list(self.raw_records_of(str(originator_id), gt=gt or 0, lte=lte, limit=None if desc else limit))
        return list(map(entry_of, found[::-1][:limit] if desc else found))

    def select_notifications(
        self: Reading,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LogEntry]:
        """The log's entries in the order of positions: from `start`, or behind it, up to `stop`."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        return list(map(entry_of, self.raw_records(after=after, until=stop, limit=limit, topics=topics)))


class LibraryRecorder(ApplicationRecorder):
    """A recorder that writes in transactions. It has no subscriptions: the views wait by `wait_for_news`
    (`projections/feeder.py`)."""

    def insert_events(self: Log, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """One `append`, with its keywords, in a transaction of its own."""
        with self.transaction() as t:
            return t.append(stored_events, **kwargs)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("A log has no subscriptions; read select_notifications from where you stand.")
