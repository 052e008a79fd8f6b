"""The workers, memory, processor time and sockets of a service, as the kernel shows them."""

import os
from pathlib import Path

from tests.conftest import Service
from tests.waiting import until


def workers(service: Service) -> list[int]:
    """The pids of the running worker processes."""
    assert service.process
    return children(service.process.pid)


def children(pid: int) -> list[int]:
    """The pids of the child processes that a process has not yet waited for."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def all_workers(service: Service) -> list[int]:
    """The pids of all the workers, once as many run as the service is configured for.

    The service starts them one by one.
    """
    return until(lambda: len(pids := workers(service)) >= service.workers and pids)


def is_running(service: Service) -> bool:
    """Whether any process of the service's process group is left."""
    assert service.process
    try:
        os.killpg(service.process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        return _stat(pid)[0] != "Z"
    except FileNotFoundError:
        return False


def memory_bytes(pid: int, field: str = "VmRSS") -> int:
    """A memory figure of a process in bytes: `VmRSS`, its memory now, or `VmHWM`, its highest so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


def processor_seconds(pids: list[int]) -> float:
    """The processor time that the processes have used, in seconds."""
    ticks = sum(int(field) for pid in pids for field in _stat(pid)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of a process's `/proc/PID/stat`, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def until_taken(service: Service) -> None:
    """Waits until the service has accepted every connection and taken in all that clients have sent."""
    until(lambda: not _unread(service))


def _unread(service: Service) -> int:
    """The bytes unread in the receive queues of the service's sockets, and its connections not yet accepted."""
    unread = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _remote, _state, queues, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == service.port:
            unread += int(queues.rpartition(":")[2], 16)
    return unread
