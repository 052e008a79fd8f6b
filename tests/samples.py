"""The committed samples of each topic's stored bytes."""

from pathlib import Path
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

_SOMEBODY = UUID("a06e0784-7b54-573d-b7db-902bbb437c93")


class Sample(msgspec.Struct):
    topic: str
    payload: msgspec.Raw


def samples(folder: Path) -> list[Sample]:
    lines = (folder / "topics.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Sample) for line in lines]


def stored(sample: Sample) -> StoredEvent:
    """The sample as the first event of a history."""
    return StoredEvent(originator_id=_SOMEBODY, originator_version=1, topic=sample.topic, state=bytes(sample.payload))
