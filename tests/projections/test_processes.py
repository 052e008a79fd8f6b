"""Does a process of its own return the result of its work, and end where the work takes too much?"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from domain.refusals import OrderNotFound
from projections import processes
from projections.processes import ProcessEnded, in_own_process
from tests.conftest import ROOT
from tests.crash.processes import children, is_alive
from tests.waiting import until


def refuse() -> None:
    raise OrderNotFound


def fill(length: int) -> int:
    return len([bytes(1024) for _ in range(length)])


def compute() -> None:
    while True:
        pass


def test_the_result_or_the_error_of_the_work_comes_back() -> None:
    assert in_own_process(fill, 7) == 7
    with pytest.raises(OrderNotFound):
        in_own_process(refuse)


def test_work_that_computes_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_SECONDS_MAX", 1)
    with pytest.raises(ProcessEnded, match="more than 1 s"):
        in_own_process(compute)


def test_work_that_waits_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_SECONDS_MAX", 1)
    with pytest.raises(ProcessEnded):
        in_own_process(time.sleep, 60)


def test_work_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "APART_BYTES_MAX", 512 * 1024 * 1024)
    with pytest.raises(ProcessEnded, match="512 MiB"):
        in_own_process(fill, 1024 * 1024)


# Work for many processes, none of which is done soon.
AT_WORK = """
import os, signal, time
from projections.processes import processes
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with processes() as pool:
        for begun in [pool.submit(time.sleep, 1) for _ in range(os.cpu_count())]:
            begun.result()
        working = [pool.submit(time.sleep, 60) for _ in range(20)]
        print("begun", flush=True)
        working[0].result()
"""


@pytest.fixture
def at_work() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "-c", AT_WORK],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert started.stdout
    assert started.stdout.readline() == b"begun\n"
    yield started
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_has_started_them(ending: int, at_work: subprocess.Popen[bytes]) -> None:
    started = children(at_work.pid)
    at_work.send_signal(ending)
    at_work.wait()
    until(lambda: not any(map(is_alive, started)), 10)


def test_ctrl_c_ends_all_processes_at_once(at_work: subprocess.Popen[bytes]) -> None:
    os.killpg(at_work.pid, signal.SIGINT)
    _, told = at_work.communicate(timeout=10)
    assert told.count(b"Traceback") == 1, told.decode()
