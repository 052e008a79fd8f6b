"""What does a receiver learn of an order's event? Its type, ids, position and amounts, in the form of Standard
Webhooks; never personal data, sealed or not."""

from typing import Any, Final

import msgspec

from domain.log.records import RawRecord
from domain.order.state import ORDER
from domain.topics import TOPICS
from projections.history import HistoryReader

# The types of events that are sent, by the topics under which they are stored.
TYPES: Final = {topic.name: topic.shape.__name__ for topic in TOPICS.values() if topic.kind is ORDER}
_TOLD: Final = ("log", "position", "order", "order_id", "version", "topic", "occurred_at", "recorded_at")
# The fields of each type that have personal data.
_PERSONAL: Final = {
    shape.__name__: {"personal", *(path.partition(".")[0] for paths in parts.values() for path in paths)}
    for shape, parts in ORDER.personal.items()
}
_encode = msgspec.json.Encoder(decimal_format="number").encode


def message(reading: HistoryReader, raw: RawRecord) -> bytes:
    """The body of a record's message. Raises the errors of `HistoryReader.audit_event`."""
    told = reading.audit_event(raw)
    facts: dict[str, Any] = msgspec.json.decode(raw.payload)
    left_out = _PERSONAL.get(told["type"], {"personal"})
    data = {name: told[name] for name in _TOLD}
    data["data"] = {name: value for name, value in facts.items() if name not in left_out}
    return _encode({"type": told["type"], "timestamp": told["occurred_at"], "data": data})


def message_id(webhook_id: str, position: int) -> str:
    """The id of a message, the same for each attempt."""
    return f"{webhook_id}-{position}"
