"""No request waits without an end: a late one gets its answer at the deadline, and its work ends."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from api import commanding
from api.answers import fit_rows
from api.asking import SLOW_AT_ONCE_MAX, SLOW_WAITING_MAX, Asking
from api.errors import Problem
from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.recorder import SQLiteRecorder
from projections.exports.workbook import write_tables
from projections.views.views import Views
from tests.conftest import ME, do, new_order

# This query goes on for hours unless the deadline ends it.
_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
SECONDS_MAX = 0.3
# Seconds that a busy machine may take longer.
SLACK_SECONDS = 8


class Asked:
    """A ledger and its views, with an event loop that reads them under the deadline."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = OrderLedger(SQLiteRecorder(folder / "ledger.db"))
        self.views = Views(self.ledger, folder / "views.db")
        self.views.ensure()
        self.of = Asking(self.ledger, self.views, SLOW_AT_ONCE_MAX)

    def endless_of_views(self) -> None:
        self.views.reader.execute(_ENDLESS).fetchone()

    def endless_of_log(self) -> None:
        self.ledger.log_of_events.reader.execute(_ENDLESS).fetchone()

    def many_short(self) -> None:
        """Runs a short query again and again, as the reading of a history does."""
        while True:
            self.views.reader.execute("SELECT count(*) FROM json_each(?)", (f"[{'1,' * 2_000}1]",)).fetchone()

    def events(self) -> None:
        """Decodes the same few events again and again, with no query under way."""
        raws = list(self.ledger.log_of_events.raw_records())
        assert raws
        while True:
            for raw in raws:
                self.ledger.mapper.read(raw)

    def rows_of_an_answer(self) -> None:
        fit_rows((place, b"") for place in count() if time.sleep(0.01) is None)

    def workbook(self) -> None:
        rows = ((number,) for number in count())
        write_tables(self.folder / "endless.xlsx", {"Endless": (("number",), rows)}, frozenset())


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    found = Asked(tmp_path)
    do(found.ledger.create, new_order(), ME)
    yield found
    found.views.close()


def problem_of(work: Callable[[], Any]) -> Problem:
    with pytest.raises(Problem) as raised:
        asyncio.run(work())
    return raised.value


@pytest.mark.parametrize(
    "what", ["endless_of_views", "endless_of_log", "many_short", "events", "rows_of_an_answer", "workbook"]
)
def test_a_request_that_takes_too_long_gets_503_and_its_work_ends(asked: Asked, what: str) -> None:
    """The read's threads are free again: without the deadline they would all stay taken."""

    async def ask() -> None:
        work = getattr(asked, what)
        refused = await asyncio.gather(
            *(asked.of.in_thread(work, SECONDS_MAX) for _ in range(SLOW_AT_ONCE_MAX)), return_exceptions=True
        )
        assert await asked.of.in_thread(lambda: 42) == 42
        raise refused[0] if isinstance(refused[0], Problem) else AssertionError(refused)

    began = time.monotonic()
    problem = problem_of(ask)
    assert time.monotonic() - began < SLACK_SECONDS
    assert (problem.status, problem.code, problem.headers["Retry-After"]) == (503, "took-too-long", "1")


def test_the_work_of_a_request_ends_when_its_client_leaves(asked: Asked) -> None:
    async def ask_and_leave() -> None:
        asking = asyncio.create_task(asked.of.in_thread(asked.endless_of_views))
        await asyncio.sleep(SECONDS_MAX)
        asking.cancel()
        await asyncio.wait([asking])
        for _ in range(SLOW_AT_ONCE_MAX):
            assert await asked.of.in_thread(lambda: 42) == 42

    asyncio.run(asyncio.wait_for(ask_and_leave(), SLACK_SECONDS))


def test_a_write_that_takes_too_long_gets_503_and_goes_on_to_its_end(asked: Asked) -> None:
    may_end, has_ended = threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait()
        asked.views.reader.execute("SELECT count(*) FROM json_each(?)", (f"[{'1,' * 20_000}1]",)).fetchone()
        has_ended.set()

    async def ask() -> None:
        await asked.of.write_in_thread(work, SECONDS_MAX)

    problem = problem_of(ask)
    assert (problem.status, problem.code) == (503, "took-too-long")
    may_end.set()
    assert has_ended.wait(SLACK_SECONDS)


def test_a_read_that_waits_behind_late_writes_has_its_turn_when_they_end(asked: Asked) -> None:
    """A read keeps its turn until its work ends, also where its client has left."""
    may_end = threading.Event()

    async def ask() -> None:
        slow = [asked.of.write_in_thread(may_end.wait, SECONDS_MAX) for _ in range(SLOW_AT_ONCE_MAX)]
        assert all(isinstance(each, Problem) for each in await asyncio.gather(*slow, return_exceptions=True))
        waiting = asyncio.create_task(asked.of.in_thread(lambda: 42))
        assert not (await asyncio.wait([waiting], timeout=SECONDS_MAX))[0]
        may_end.set()
        assert await waiting == 42

    asyncio.run(asyncio.wait_for(ask(), SLACK_SECONDS))


def test_a_download_that_has_begun_goes_on_however_much_else_its_caller_asks(asked: Asked) -> None:
    """A download that begins later is refused before its first byte."""
    may_end = threading.Event()

    async def download_beside_much_else() -> list[int]:
        parts = await asked.of.stream(iter(range(3)))
        much = [
            asyncio.create_task(asked.of.in_thread(may_end.wait)) for _ in range(SLOW_AT_ONCE_MAX + SLOW_WAITING_MAX)
        ]
        await asyncio.sleep(SECONDS_MAX)
        with pytest.raises(Problem) as refused:
            await asked.of.stream(iter(range(3)))
        assert refused.value.status == 429
        asyncio.get_running_loop().call_later(SECONDS_MAX, may_end.set)
        found = [part async for part in parts]
        await asyncio.gather(*much)
        return found

    try:
        assert asyncio.run(asyncio.wait_for(download_beside_much_else(), SLACK_SECONDS)) == [0, 1, 2]
    finally:
        may_end.set()


def test_a_command_waits_no_longer_than_a_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commanding, "WORK_SECONDS_MAX", SECONDS_MAX)
    asked = Asked(tmp_path)
    may_end = threading.Event()
    asked.ledger.write(lambda _: may_end.wait())

    async def give() -> None:
        behind = asked.ledger.write(lambda _: None)
        desk = commanding.Commanding(asked.ledger, asked.of, None)
        with pytest.raises(LogAway, match="is not recorded"):
            await desk.in_time(behind)

    asyncio.run(asyncio.wait_for(give(), SLACK_SECONDS))
    may_end.set()
    asked.views.close()
