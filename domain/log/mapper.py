"""Records to stored events and back, by the closed map of topics, with personal data sealed on the way in."""

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
from domain.interrupting import raise_if_interrupted
from domain.log.records import LogEntry, RawRecord, uuid_of
from domain.privacy.keyring import DataOwner, Keyring, KeyUnknown
from domain.privacy.masters import MasterUnknown
from domain.privacy.sealing import Place, SealBroken, Sealing, Tree, unopened

_encode: Final = msgspec.json.Encoder().encode
_SEALED: Final = topics.SEALED.encode()
_KEY_IDS: Final = re.compile(rb'"key":"([A-Za-z0-9_-]{12})","hash":"').findall
_ALTERED: Final = "the record is not what its digest was made of"


class UnknownTopic(MapperDeserialisationError):
    """The log has an event whose topic this version of the program does not know. No later event may be read."""

    def __init__(self, topic: str, position: int | None) -> None:
        super().__init__(f"position {position}: the topic {topic!r} is not known to this version of the program")
        self.topic = topic
        self.position = position

    def __reduce__(self) -> tuple[Any, ...]:  # for pickling, since other processes raise it, too
        return type(self), (self.topic, self.position)


class DamagedEvent(MapperDeserialisationError):
    """An event's stored bytes do not fit its topic or its digest."""

    def __init__(self, position: int | None, order: UUID | str, version: int, why: str) -> None:
        super().__init__(f"position {position}, order {order}, version {version}: {why}")
        self.position = position
        self.why = why
        self._said = (position, order, version, why)

    def __reduce__(self) -> tuple[Any, ...]:  # for pickling, since other processes raise it, too
        return type(self), self._said


class KeysMissing(MapperDeserialisationError):
    """An event's personal data is sealed by a data key that is not at hand. No later event may be read: without the
    key, the data would pass for erased."""

    def __init__(self, position: int | None, why: str) -> None:
        super().__init__(f"position {position}: {why}")
        self._said = (position, why)

    def __reduce__(self) -> tuple[Any, ...]:  # for pickling, since other processes raise it, too
        return type(self), self._said


class SealDamaged(DamagedEvent):
    """An event's sealed data does not open at the event's place, even where the digest holds."""


class EventMapper(Mapper[UUID]):
    """The library's mapper, with the closed map of topics. No topic is ever imported by its name.

    With `keys` the mapper seals personal data. It opens the parts named in `opens`; every part where `opens` is None.
    """

    def __init__(self, keys: Keyring | None = None, *, opens: Collection[str] | None = None) -> None:
        super().__init__(transcoder=EventTranscoder())
        self.sealing = None if keys is None else Sealing(keys, opens=opens)
        self._opens_none = opens is not None and not opens
        # The events sealed in the current or last transaction: the views read them next, and need not open them.
        self._sealed: dict[tuple[UUID, int, bytes], Event] = {}

    def forget(self) -> None:
        """Forgets the events that earlier transactions have sealed."""
        self._sealed = {}

    def prefetch_keys(self, raws: Iterable[RawRecord]) -> None:
        """Fetches the data keys of these records in one round trip, which is faster than one for each."""
        if self.sealing is not None and not self._opens_none and not self.sealing.keys.are_all_open:
            sealed = (raw.payload for raw in raws if raw.topic.endswith(_SEALED))
            self.sealing.keys.prefetch_keys(key.decode() for payload in sealed for key in _KEY_IDS(payload))

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The stored event of a record, with personal data in the clear."""
        assert isinstance(domain_event, Record)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topics.topic_of(domain_event.event).name,
            state=self.transcoder.encode(domain_event.event),
        )

    def stored(self, record: Record, owner: DataOwner, now: datetime) -> StoredEvent:
        """The stored event of a record as it goes into the log, with the personal data of `owner` sealed. Raises
        MasterUnknown."""
        topic = topics.topic_of(record.event)
        personal = topic.kind.personal.get(topic.shape)
        if self.sealing is None or personal is None:
            return self.to_stored_event(record)
        name = topic.name + topics.SEALED
        place = Place(record.originator_id, record.originator_version, name.encode())
        sealed = self.sealing.sealed(record.event, personal, place, owner, now)
        if sealed is None:
            return self.to_stored_event(record)
        self._sealed[record.originator_id, record.originator_version, sealed] = record.event
        return StoredEvent(record.originator_id, record.originator_version, name, sealed)

    def to_domain_event(self, stored_event: StoredEvent) -> Record:
        """The record of a stored event. Raises UnknownTopic, DamagedEvent, KeysMissing, SealDamaged."""
        position = getattr(stored_event, "id", None)
        uuid, version = stored_event.originator_id, stored_event.originator_version
        if isinstance(stored_event, LogEntry) and not stored_event.is_intact:
            raise DamagedEvent(position, uuid, version, _ALTERED)
        if not isinstance(uuid, UUID):
            raise DamagedEvent(position, uuid, version, "the order's UUID is none")
        return self._record(position, uuid, version, stored_event.topic.encode(), stored_event.state)

    def read(self, raw: RawRecord) -> Record:
        """The record of stored bytes, after a check of their digest. Raises UnknownTopic, DamagedEvent, KeysMissing,
        SealDamaged."""
        if not raw.digest_holds():
            raise DamagedEvent(raw.position, raw.order, raw.version, _ALTERED)
        return self.read_unchecked(raw)

    def read_unchecked(self, raw: RawRecord) -> Record:
        """`read` without the check of the digest, for callers that have checked it."""
        try:
            uuid = uuid_of(raw.originator_id)
        except ValueError as error:
            raise DamagedEvent(raw.position, raw.order, raw.version, str(error)) from error
        return self._record(raw.position, uuid, raw.version, raw.topic, raw.payload)

    def _record(self, position: int | None, uuid: UUID, version: int, name: bytes, payload: bytes) -> Record:
        raise_if_interrupted()  # every long read maps events, so each is given up here
        topic = topics.TOPICS.get(name)
        if topic is None:
            raise UnknownTopic(name.decode(errors="replace"), position)
        try:
            if topic.is_sealed:
                # Looked up only where there are any: that hashes the whole payload.
                event = self._sealed.pop((uuid, version, payload), None) if self._sealed else None
                if event is None:
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
    """The library's transcoder as plain JSON: one object an event. The topic alone tells the shape; the payload, with
    a customer's data, cannot."""

    def encode(self, obj: Any) -> bytes:
        return _encode(obj)

    def decode(self, data: bytes) -> Any:
        return msgspec.json.decode(data)
