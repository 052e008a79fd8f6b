"""A full disk, or another process's lock: is the hindrance told soon, and gone when it is over?"""

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest
import requests

from domain.log.sqlite import LOCK_WAIT_SECONDS_MAX, sqlite3, transaction
from tests.conftest import Client, Service
from tests.crash.processes import workers
from tests.tampering import tamper

# Seconds that a busy machine may take longer.
SLACK_SECONDS = 4
WRITERS = 8


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("trouble"), workers=1).start()
    yield running
    running.kill()


@contextmanager
def no_room(service: Service) -> Iterator[None]:
    """No file of the service's workers can grow, as where a disk is full or a quota used up."""
    limited = [(pid, resource.prlimit(pid, resource.RLIMIT_FSIZE)) for pid in workers(service)]
    for pid, (_, hard) in limited:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for pid, before in limited:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def held_lock(service: Service) -> Iterator[None]:
    with closing(sqlite3.connect(service.folder / "ledger.db", isolation_level=None)) as other, transaction(other):
        yield


def readiness(service: Service) -> tuple[int, dict[str, Any]]:
    began = time.monotonic()
    answer = requests.get(f"{service.base}/readyz", timeout=10)
    assert time.monotonic() - began < 1 + SLACK_SECONDS / 4
    return answer.status_code, answer.json()


def until(service: Service, is_so: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
    """The body of the readiness answer, as soon as `is_so` holds for the status and body."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX + 2 + SLACK_SECONDS
    while not is_so(*(found := readiness(service))):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found[1]


def until_ready(service: Service) -> None:
    until(service, lambda status, told: status == 200 and told["problems"] == [])


def test_a_full_disk_gets_507_and_is_not_ready_until_there_is_room(service: Service, staff: Client) -> None:
    created = staff.post("/api/v1/orders", json={"notes": "before", "items": []}).json()
    with no_room(service):
        for refused in (
            staff.post("/api/v1/orders", json={"items": []}),
            # The service makes a data key for a new customer, in a file of its own.
            staff.post("/api/v1/orders", json={"customer": {"id": 9, "email": "a@b.test"}, "items": []}),
            staff.patch(f"/api/v1/orders/{created['id']}", json={"notes": "full"}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (507, "disk-full")
        assert staff.get(f"/api/v1/orders/{created['id']}").json()["notes"] == "before"
        told = until(service, lambda status, _: status == 503)
        assert [problem.partition(":")[0] for problem in told["problems"]] == ["disk"]
        time.sleep(2)  # the service tries again meanwhile, and no client writes
        assert readiness(service)[0] == 503
        assert requests.get(f"{service.base}/healthz", timeout=10).status_code == 200
    until_ready(service)
    assert staff.patch(f"/api/v1/orders/{created['id']}", json={"notes": "after"}).json()["version"] == 2


def test_a_lock_that_another_program_holds_gets_503_after_three_seconds_for_all_who_wait(
    service: Service, staff: Client
) -> None:
    def create(_: int) -> tuple[float, requests.Response]:
        began = time.monotonic()
        answer = staff.post("/api/v1/orders", json={"items": []}, headers={"Connection": "close"})
        return time.monotonic() - began, answer

    with held_lock(service):
        with ThreadPoolExecutor(WRITERS) as pool:
            answers = list(pool.map(create, range(WRITERS)))
        assert {(answer.status_code, answer.headers["Retry-After"]) for _, answer in answers} == {(503, "1")}
        assert max(seconds for seconds, _ in answers) < 3 + SLACK_SECONDS
        status, told = readiness(service)
        assert status == 503
        assert [problem.partition(":")[0] for problem in told["problems"]] == ["lock"]
    until_ready(service)
    assert create(0)[1].status_code == 201


def test_readiness_tells_of_a_lock_without_a_write_and_holds_up_nobody(service: Service) -> None:
    with held_lock(service):
        told = until(service, lambda status, _: status == 503)
        assert [problem.partition(":")[0] for problem in told["problems"]] == ["lock"]
        with ThreadPoolExecutor(16) as pool:
            asked = [pool.submit(readiness, service) for _ in range(64)]
            began = time.monotonic()
            assert requests.get(f"{service.base}/healthz", timeout=10).status_code == 200
            assert time.monotonic() - began < 1 + SLACK_SECONDS / 4
            assert {status for status, _ in (one.result() for one in asked)} == {503}
    until_ready(service)


def test_readiness_tells_numbers_and_nothing_of_the_inside(service: Service, staff: Client) -> None:
    damaged = staff.post("/api/v1/orders", json={"items": []}).json()
    ledger = service.folder / "ledger.db"
    tamper(ledger, "UPDATE events SET payload = 'secret' WHERE originator_id = ?", damaged["uuid"])
    assert service.run("rebuild").returncode == 0
    status, told = readiness(service)
    assert (status, told["stopped_orders"], told["lag"]) == (200, 1, 0)
    assert set(told) == {"ready", "log", "views", "lag", "problems", "stopped_orders"}
    assert damaged["uuid"] not in str(told)
