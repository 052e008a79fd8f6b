"""Does an answer stay within its limit of bytes, and read no more of a long history than it shows?"""

from typing import Any

import pytest

from domain.aggregate import Record
from domain.log.mapper import EventMapper
from domain.order.events import NotesChanged, NotesPersonal
from tests.audit.conftest import AUDIT, Office
from tests.conftest import append_events

ANSWER_BYTES_MAX = 16 * 1024 * 1024


def lengthen(office: Office, events: int, notes: str) -> None:
    """Appends this many changes of the notes of order 1, larger than today's program would allow."""
    notes_of = (NotesPersonal(f"{n} {notes}") for n in range(events))
    changes = (NotesChanged(occurred_at=office.clock(), personal=personal) for personal in notes_of)
    append_events(office.ledger, office.ledger.uuid_of(1), changes)


@pytest.mark.parametrize("path", ["/events", "/orders/1/events"])
def test_a_page_of_large_events_is_shorter_and_none_is_left_out(office: Office, path: str) -> None:
    office.place()
    lengthen(office, 40, "x" * 1_000_000)
    seen: list[int] = []
    after = ""
    while True:
        answer = office.ask(AUDIT + path, params={"limit": 1_000, "after": after})
        assert len(answer.content) <= ANSWER_BYTES_MAX
        seen += [event["position"] for event in answer.json["events"]]
        assert answer.headers["ledger-position"] == f"orders:{seen[-1]}"
        after = answer.json["next"]
        if after is None:
            break
        assert len(answer.content) > ANSWER_BYTES_MAX / 2
    assert seen == list(range(1, 43))


def test_changes_of_large_fields_come_in_pages(office: Office) -> None:
    office.place()
    lengthen(office, 20, "x" * 1_000_000)
    versions: list[int] = []
    start: int | None = 2
    while start is not None:
        answer = office.ask(f"{AUDIT}/orders/1/changes", params={"from": start})
        assert len(answer.content) <= ANSWER_BYTES_MAX
        versions += [change["version"] for change in answer.json["changes"]]
        start = answer.json.get("next")
    assert versions == list(range(3, 23))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions of the records that are decoded during the test, filled as they are."""
    versions: list[int] = []
    decode = EventMapper.read

    def noted(self: EventMapper, raw: Any) -> Record:
        versions.append(raw.version)
        return decode(self, raw)

    monkeypatch.setattr(EventMapper, "read", noted)
    return versions


@pytest.mark.parametrize(
    "path",
    [
        "/orders/1/events?limit=5",
        "/orders/1/events?limit=5&after=orders:200",
        "/orders/1?version=4",
        "/orders/1?position=orders:4",
        "/orders/1?at=2026-03-01T10:30:00Z",
        "/orders/1/changes?from=1&to=4",
        "/orders/1/changes?limit=4",
    ],
)
def test_a_long_history_is_read_no_further_than_it_is_told(office: Office, read: list[int], path: str) -> None:
    """The two ends of the history may be read as well."""
    office.place()
    office.clock.tick()
    lengthen(office, 400, "")
    read.clear()
    assert office.ask(AUDIT + path).status_code == 200
    assert len(read) <= 9
