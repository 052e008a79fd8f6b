"""Records to stored events and back, by the closed map of topics."""

from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent, Transcoder

from domain import topics
from domain.aggregate import Record
from domain.log.records import LogEntry, RawRecord, uuid_of

_encode: Final = msgspec.json.Encoder().encode
_ALTERED: Final = "the record is not what its digest was made of"


class UnknownTopic(MapperDeserialisationError):
    """The log holds an event that this version of the program does not know. Nothing after it may be read."""

    def __init__(self, topic: str, position: int | None) -> None:
        super().__init__(f"position {position}: the topic {topic!r} is not known to this version of the program")
        self.topic = topic
        self.position = position

    def __reduce__(self) -> tuple[Any, ...]:  # raised in other processes, too
        return type(self), (self.topic, self.position)


class DamagedEvent(MapperDeserialisationError):
    """An event's stored bytes do not fit its topic or its digest."""

    def __init__(self, position: int | None, order: UUID | str, version: int, why: str) -> None:
        super().__init__(f"position {position}, order {order}, version {version}: {why}")
        self.position = position
        self._said = (position, order, version, why)

    def __reduce__(self) -> tuple[Any, ...]:  # raised in other processes, too
        return type(self), self._said


class EventMapper(Mapper[UUID]):
    """The library's mapper with the closed map of topics. No topic is ever imported by its name."""

    def __init__(self) -> None:
        super().__init__(transcoder=EventTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        assert isinstance(domain_event, Record)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topics.topic_of(domain_event.event).name,
            state=self.transcoder.encode(domain_event.event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Record:
        """Raises UnknownTopic, DamagedEvent."""
        position = getattr(stored_event, "id", None)
        uuid, version = stored_event.originator_id, stored_event.originator_version
        if isinstance(stored_event, LogEntry) and not stored_event.is_intact:
            raise DamagedEvent(position, uuid, version, _ALTERED)
        if not isinstance(uuid, UUID):
            raise DamagedEvent(position, uuid, version, "the order's UUID is none")
        return self._record(position, uuid, version, stored_event.topic.encode(), stored_event.state)

    def read(self, raw: RawRecord) -> Record:
        """The record of the bytes that are stored, its digest checked. Raises UnknownTopic, DamagedEvent."""
        if not raw.digest_holds():
            raise DamagedEvent(raw.position, raw.order, raw.version, _ALTERED)
        return self.read_unchecked(raw)

    def read_unchecked(self, raw: RawRecord) -> Record:
        """`read`, for callers that have checked the digest already."""
        try:
            uuid = uuid_of(raw.originator_id)
        except ValueError as error:
            raise DamagedEvent(raw.position, raw.order, raw.version, str(error)) from error
        return self._record(raw.position, uuid, raw.version, raw.topic, raw.payload)

    def _record(self, position: int | None, uuid: UUID, version: int, name: bytes, payload: bytes) -> Record:
        topic = topics.TOPICS.get(name)
        if topic is None:
            raise UnknownTopic(name.decode(errors="replace"), position)
        try:
            return Record(uuid, version, topic.decode(payload))
        except ValueError as error:  # msgspec's and Unicode's errors are ValueErrors too
            raise DamagedEvent(position, uuid, version, str(error)) from error


class EventTranscoder(Transcoder):
    """Plain JSON, one object an event. The topic alone tells the shape: no data of a customer can."""

    def encode(self, obj: Any) -> bytes:
        return _encode(obj)

    def decode(self, data: bytes) -> Any:
        return msgspec.json.decode(data)
