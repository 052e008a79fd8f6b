"""Records to stored events and back, by the closed map of topics."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent, Transcoder

from domain import topics
from domain.aggregate import Event, Record
from domain.log.records import LogEntry, RawRecord, uuid_of
from domain.privacy.keyring import Keyring, KeyUnknown, Whose
from domain.privacy.masters import MasterUnknown
from domain.privacy.sealing import Place, SealBroken, Sealing, Tree, unopened
from domain.wanted import must_be_wanted

_encode: Final = msgspec.json.Encoder().encode
_SEALED: Final = topics.SEALED.encode()
_KEY_IDS: Final = re.compile(rb'"key":"([A-Za-z0-9_-]{12})","hash":"').findall
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
        self.why = why
        self._said = (position, order, version, why)

    def __reduce__(self) -> tuple[Any, ...]:  # raised in other processes, too
        return type(self), self._said


class KeysMissing(MapperDeserialisationError):
    """What is personal in an event is sealed by a key that is not at hand. Nothing after it may be read, since it would
    pass for erased."""

    def __init__(self, position: int | None, why: str) -> None:
        super().__init__(f"position {position}: {why}")
        self._said = (position, why)

    def __reduce__(self) -> tuple[Any, ...]:  # raised in other processes, too
        return type(self), self._said


class SealDamaged(DamagedEvent):
    """What is personal in an event does not open where it stands, whatever its digest says."""


class EventMapper(Mapper[UUID]):
    """The library's mapper with the closed map of topics. No topic is ever imported by its name.

    With `keys` it seals what is personal, and opens the parts of it that it `opens`: all, where none are named. One
    that `checks` compares them with their hashes, too.
    """

    def __init__(
        self, keys: Keyring | None = None, *, opens: Collection[str] | None = None, checks: bool = False
    ) -> None:
        super().__init__(transcoder=EventTranscoder())
        self.sealing = None if keys is None else Sealing(keys, opens=opens, checks=checks)
        self._opens_none = opens is not None and not opens
        # What was sealed in the transaction that is under way, or was last: whoever feeds views reads it next.
        self._sealed: dict[tuple[UUID, int, bytes], Event] = {}

    def forget(self) -> None:
        """Forgets what was sealed before."""
        self._sealed = {}

    def foresee(self, raws: Iterable[RawRecord]) -> None:
        """Asks at once for the keys of what is to be read, which is less than to ask for each."""
        if self.sealing is not None and not self._opens_none:
            sealed = (raw.payload for raw in raws if raw.topic.endswith(_SEALED))
            self.sealing.keys.foresee(key.decode() for payload in sealed for key in _KEY_IDS(payload))

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The plain form."""
        assert isinstance(domain_event, Record)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topics.topic_of(domain_event.event).name,
            state=self.transcoder.encode(domain_event.event),
        )

    def stored(self, record: Record, whose: Whose, now: datetime) -> StoredEvent:
        """The form in which the record goes into the log. Raises MasterUnknown."""
        topic = topics.topic_of(record.event)
        personal = topic.kind.personal.get(topic.shape)
        if self.sealing is None or personal is None:
            return self.to_stored_event(record)
        name = topic.name + topics.SEALED
        place = Place(record.originator_id, record.originator_version, name.encode())
        sealed = self.sealing.sealed(record.event, personal, place, whose, now)
        if sealed is None:
            return self.to_stored_event(record)
        self._sealed[record.originator_id, record.originator_version, sealed] = record.event
        return StoredEvent(record.originator_id, record.originator_version, name, sealed)

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
        must_be_wanted()  # whoever reads long reads events
        topic = topics.TOPICS.get(name)
        if topic is None:
            raise UnknownTopic(name.decode(errors="replace"), position)
        try:
            if topic.is_sealed:
                if (event := self._sealed.pop((uuid, version, payload), None)) is None:
                    event = topic.decode(self._opened(payload, Place(uuid, version, name)))
                return Record(uuid, version, event)
            return Record(uuid, version, topic.decode(payload))
        except (KeyUnknown, MasterUnknown) as error:
            raise KeysMissing(position, str(error)) from error
        except SealBroken as error:
            raise SealDamaged(position, uuid, version, str(error)) from error
        except (ValueError, TypeError) as error:  # msgspec's and Unicode's errors are ValueErrors too
            raise DamagedEvent(position, uuid, version, str(error)) from error

    def _opened(self, payload: bytes, place: Place) -> Tree:
        if self._opens_none:
            return unopened(payload)
        if self.sealing is None:
            raise KeyUnknown("what is personal in it is sealed, and no keys are at hand")
        return self.sealing.opened(payload, place)


class EventTranscoder(Transcoder):
    """Plain JSON, one object an event. The topic alone tells the shape: no data of a customer can."""

    def encode(self, obj: Any) -> bytes:
        return _encode(obj)

    def decode(self, data: bytes) -> Any:
        return msgspec.json.decode(data)
