"""Does a process of its own give back what its work comes to, and end where that costs too much?"""

import time

import pytest

from domain.refusals import OrderNotFound
from projections import processes
from projections.processes import EndedApart, apart


def refuse() -> None:
    raise OrderNotFound


def fill(length: int) -> int:
    return len([bytes(1024) for _ in range(length)])


def compute() -> None:
    while True:
        pass


def test_what_the_work_returns_or_raises_comes_back() -> None:
    assert apart(fill, 7) == 7
    with pytest.raises(OrderNotFound):
        apart(refuse)


def test_work_that_computes_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_SECONDS_MAX", 1)
    with pytest.raises(EndedApart, match="more than 1 s"):
        apart(compute)


def test_work_that_waits_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_SECONDS_MAX", 1)
    with pytest.raises(EndedApart):
        apart(time.sleep, 60)


def test_work_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_BYTES_MAX", 512 * 1024 * 1024)
    with pytest.raises(EndedApart, match="512 MiB"):
        apart(fill, 1024 * 1024)
