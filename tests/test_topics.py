"""Is every event that was ever stored of a reconciliation, an access key or a period still read?

Each kind has a `topics.jsonl` with samples of every topic, with all optional fields and with none. Lines are added and
never changed. Orders have a test of their own, which asks more (`tests/domain/test_events.py`).
"""

import json
from typing import Any, NamedTuple

import pytest

from domain.access import events as access
from domain.access.state import KEY
from domain.aggregate import Event, Kind
from domain.log.mapper import EventMapper
from domain.period import events as period
from domain.period.state import PERIOD
from domain.reconciliation import events as reconciliation
from domain.reconciliation.state import RECONCILIATION
from domain.topics import kind_of
from tests.conftest import ROOT
from tests.samples import Sample, samples, stored


class Stored(NamedTuple):
    """Events of one kind: today's topics, the shape under each topic, older topics too, and their samples."""

    kind: Kind[Any]
    topics: dict[str, type[Event]]
    shapes: dict[str, type[Event]]
    samples: list[Sample]

    def __str__(self) -> str:
        return self.kind.name


OLDER = {topic: older.shape for topic, older in reconciliation.OLDER.items()}
EVERY = [
    Stored(KEY, access.TOPICS, access.TOPICS, samples(ROOT / "tests" / "access")),
    Stored(PERIOD, period.TOPICS, period.TOPICS, samples(ROOT / "tests" / "periods")),
    Stored(
        RECONCILIATION,
        reconciliation.TOPICS,
        {**reconciliation.TOPICS, **OLDER},
        samples(ROOT / "tests" / "reconciliation"),
    ),
]


@pytest.mark.parametrize(
    ("kind", "sample"),
    [(of.kind, sample) for of in EVERY for sample in of.samples if sample.topic in of.topics],
    ids=lambda given: given.topic if isinstance(given, Sample) else "",
)
def test_an_event_once_stored_is_read_for_ever_and_written_as_the_same_bytes(kind: Kind[Any], sample: Sample) -> None:
    record = EventMapper().to_domain_event(stored(sample))
    assert kind_of(record) is kind
    assert EventMapper().to_stored_event(record) == stored(sample)


@pytest.mark.parametrize("of", EVERY, ids=str)
def test_the_samples_hold_every_field_of_every_event(of: Stored) -> None:
    for topic, shape in of.shapes.items():
        held = {name for sample in of.samples if sample.topic == topic for name in json.loads(bytes(sample.payload))}
        assert held == set(shape.__struct_fields__)


@pytest.mark.parametrize("of", EVERY, ids=str)
def test_there_are_samples_of_every_topic_and_no_other(of: Stored) -> None:
    assert {sample.topic for sample in of.samples} == set(of.shapes)
