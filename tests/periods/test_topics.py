"""Is every event that was ever stored about a period still read?

`topics.jsonl` holds what each topic stored. Lines are added to it, and never changed.
"""

import json
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from domain.log.mapper import EventMapper
from domain.period.events import TOPICS
from domain.period.state import PERIOD
from domain.topics import kind_of


class Sample(msgspec.Struct):
    topic: str
    payload: msgspec.Raw


SAMPLES = [
    msgspec.json.decode(line, type=Sample)
    for line in Path(__file__).with_name("topics.jsonl").read_bytes().splitlines()
]
UUID_ = UUID("a06e0784-7b54-573d-b7db-902bbb437c93")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.topic)
def test_what_was_once_stored_is_read_for_ever_and_written_again_as_the_same_bytes(sample: Sample) -> None:
    stored = StoredEvent(originator_id=UUID_, originator_version=1, topic=sample.topic, state=bytes(sample.payload))
    record = EventMapper().to_domain_event(stored)
    assert kind_of(record) is PERIOD
    assert EventMapper().to_stored_event(record) == stored


def test_the_samples_hold_every_field_of_every_event() -> None:
    for topic, shape in TOPICS.items():
        held = {name for sample in SAMPLES if sample.topic == topic for name in json.loads(bytes(sample.payload))}
        assert held == set(shape.__struct_fields__)


def test_there_are_samples_of_every_topic_and_no_other() -> None:
    assert {sample.topic for sample in SAMPLES} == set(TOPICS)
