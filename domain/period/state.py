"""A closed period's state. A provider's month is closed once, for ever: its UUID follows from provider and month, and
its history is one event."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import asdict

from domain.aggregate import Kind, Record
from domain.period import events as e

_NAMESPACE: Final = UUID("5b0d7f0a-2f7e-4d0c-9a55-6a3e8c1d4f27")


def uuid_of(provider: str, month: str) -> UUID:
    """The UUID of the history of a provider's month, like 2026-03."""
    return uuid5(_NAMESPACE, f"{month} {provider}")


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A closed period, with the fields of the event that closed it."""

    uuid: UUID
    version: int
    closed_at: datetime
    provider: str
    month: str
    timezone: str
    since: datetime
    until: datetime
    position: int
    checkpoint: str
    report_sha256: str
    csv_sha256: str
    movements: int
    late: int


def evolve(_: Period | None, record: Record) -> Period:
    """The period after its one event."""
    told = asdict(record.event)
    return Period(
        uuid=record.originator_id, version=record.originator_version, closed_at=told.pop("occurred_at"), **told
    )


PERIOD: Final = Kind("period", topics=e.TOPICS, first=e.PeriodClosed, evolve=evolve)
