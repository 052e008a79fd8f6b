"""Is a key's last use kept cheaply, in a file that may be deleted?"""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from domain.log.sqlite import sqlite3
from domain.moments import instant
from projections.access import uses as module
from projections.access.uses import Uses
from tests.conftest import Clock
from tests.waiting import until


def kept(uses: Uses, names: int) -> dict[str, str]:
    """The last uses in the file, as soon as there are `names` of them."""
    until(lambda: len(uses.all()) >= names)
    return uses.all()


def test_uses_are_kept_together_and_a_key_that_was_just_noted_is_not_noted_again(tmp_path: Path, clock: Clock) -> None:
    uses, first = Uses(tmp_path / "uses.db", clock), instant(clock())
    uses.note("a")
    uses.note("b")
    clock.now += timedelta(seconds=59)
    uses.note("a")
    assert kept(uses, 2) == {"a": first, "b": first}
    assert uses._waiting == {}


def test_after_a_minute_a_use_is_kept_again(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    uses = Uses(tmp_path / "uses.db", clock)
    uses.note("a")
    kept(uses, 1)
    monkeypatch.setattr(module, "EVERY_SECONDS", 0)
    later = clock.now = clock.now + timedelta(seconds=61)
    uses.note("a")
    uses.note("b")
    assert kept(uses, 2) == dict.fromkeys("ab", instant(later))


def test_an_earlier_use_that_another_process_keeps_later_does_not_count(tmp_path: Path, clock: Clock) -> None:
    path, now = tmp_path / "uses.db", clock.now
    here, there = Uses(path, clock), Uses(path, clock)
    here.note("a")
    kept(here, 1)
    clock.now = now - timedelta(seconds=5)
    there.note("a")
    there.note("b")
    assert kept(there, 2)["a"] == instant(now)


@pytest.mark.parametrize("content", [None, b"", b"no database at all, and longer than a header of one" * 100])
def test_a_file_of_uses_that_is_missing_or_no_database_hinders_no_key(
    content: bytes | None, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "uses.db"
    if content is not None:
        path.write_bytes(content)
    uses = Uses(path, clock)
    assert uses.all() == {}
    uses.note("a")
    time.sleep(1)
    assert uses.all() == ({} if content else {"a": instant(clock())})


def test_a_lock_on_the_file_of_uses_keeps_no_request_waiting(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "uses.db"
    uses = Uses(path, clock)
    uses.note("a")
    kept(uses, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    uses.note("b")  # a note that waited for the file would give up and be lost
    other.execute("COMMIT")
    other.close()
    assert kept(uses, 2).keys() == {"a", "b"}
