"""Is each line of a batch in JSON Lines taken for itself, once, and answered with a line, whatever the others are?"""

import json
import socket
import time
from io import BytesIO
from typing import Any

import pytest
import requests

from api import batches
from api.asking import Asking
from api.batches import BYTES_MAX, LINES_MAX, PATH, BatchImport
from api.commanding import Commanding
from domain.importing import LINE_BYTES_MAX
from domain.ledger import OrderLedger
from projections.views.views import Views
from tests.api.conftest import ORDERS, assert_problem, events, exchange, key_of, nothing_recorded
from tests.conftest import ME, Client, Service
from tests.waiting import until

NDJSON = {"Content-Type": "application/x-ndjson"}
TRIED = {"dry_run": "true"}


def send(client: Client, *lines: Any, **more: Any) -> requests.Response:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    headers = NDJSON | more.pop("headers", {})
    return client.post(PATH, data=b"\n".join(texts), headers=headers, **more)


def results(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def taken(client: Client, *lines: Any, **more: Any) -> list[dict[str, Any]]:
    return results(send(client, *lines, **more))


def test_each_line_is_answered_in_its_place_and_bad_lines_do_not_stop_the_others(
    service: Service, staff: Client
) -> None:
    payment = {"at": "2024-05-01T09:05:00Z", "type": "payment", "amount": "5", "reference": "b-1", "provider": "p"}
    first = {
        "key": "batch-1",
        "created_at": "2024-05-01T09:00:00Z",
        "items": [{"unit_price": "5"}],
        "history": [payment],
    }
    answer = send(
        staff, first, {"key": "?", "currency": 7, "nots": 1}, b"", b"{", first | {"key": "batch-2"}, {"items": []}
    )
    told = results(answer)
    assert [(line["line"], line["status"], line["outcome"]) for line in told] == [
        (1, 201, "created"),
        (2, 422, "refused"),
        (4, 400, "refused"),
        (5, 409, "refused"),
        (6, 201, "created"),
    ]
    order = staff.get(f"{ORDERS}/{told[0]['id']}").json()
    assert (told[0]["uuid"], told[0]["key"], told[0]["version"]) == (order["uuid"], "batch-1", order["version"])
    recorded = events(service, order["uuid"])
    assert told[0]["position"] == f"orders:{recorded[-1].position}"
    assert order["created_at"] == "2024-05-01T09:00:00Z"
    assert order["is_paid"]
    assert {fault["field"] for fault in told[1]["problem"]["errors"]} == {"key", "currency", "nots"}
    assert told[3]["problem"]["code"] == "payment-reference-taken"
    assert answer.headers["Ledger-Position"] == told[-1]["position"]


def test_a_batch_that_is_sent_again_goes_on_by_keys_and_records_nothing_twice(service: Service, staff: Client) -> None:
    lines = [{"key": f"again-{n}", "notes": f"{n}"} for n in range(60)]
    before = taken(staff, *lines[:40])
    assert {line["status"] for line in before} == {201}
    again = taken(staff, *lines)
    assert [line["outcome"] for line in again] == ["there"] * 40 + ["created"] * 20
    assert [line["id"] for line in again[:40]] == [line["id"] for line in before]
    with nothing_recorded(service):
        assert {line["outcome"] for line in taken(staff, *lines, lines[0])} == {"there"}
        changed = taken(staff, lines[0] | {"notes": "else"})[0]["problem"]
    assert (changed["status"], changed["code"]) == (409, "import-conflict")
    assert '"else" in this line' in changed["detail"]


def test_an_order_that_went_on_is_there_with_its_version_of_now(staff: Client) -> None:
    line = {"key": "went-on", "items": [{"unit_price": "1"}]}
    made = taken(staff, line)[0]
    changed = staff.patch(f"{ORDERS}/{made['id']}", json={"notes": "n"})
    there = taken(staff, line)[0]
    assert (there["outcome"], there["version"]) == ("there", made["version"] + 1)
    assert there["position"] == changed.headers["Ledger-Position"]


def test_lines_without_a_name_are_known_again_by_an_idempotency_key_and_their_number(
    service: Service, staff: Client
) -> None:
    key = {"Idempotency-Key": "batch-of-the-nameless"}
    lines = [{"notes": "a"}, {"notes": "a"}, {"notes": "b"}]
    before = taken(staff, *lines[:2], headers=key)
    again = taken(staff, *lines, headers=key)
    assert [line["outcome"] for line in again] == ["there", "there", "created"]
    assert [line["id"] for line in again[:2]] == [line["id"] for line in before]
    with nothing_recorded(service):
        assert taken(staff, {"notes": "c"}, headers=key)[0]["problem"]["code"] == "import-conflict"
    other = service.client(service.key("orders:write"))
    assert taken(other, {"notes": "c"}, headers=key)[0]["outcome"] == "created"


def test_a_key_of_many_lines_is_no_orders_own_and_the_log_verifies(service: Service, staff: Client) -> None:
    key = {"Idempotency-Key": "of-many-lines"}
    lines = taken(staff, {"key": "keyed-1"}, {"key": "keyed-2"}, {"notes": "nameless"}, headers=key)
    assert {record.idempotency_key for line in lines for record in events(service, line["uuid"])} == {None}
    assert b"of-many-lines" not in service.run("verify").stdout


def test_a_batch_that_is_tried_says_what_it_would_record_and_records_nothing(service: Service, staff: Client) -> None:
    taken(staff, {"key": "tried-there"})
    lines = [{"key": f"tried-{n}", "items": [{"unit_price": "2"}]} for n in range(60)]
    with nothing_recorded(service):
        told = taken(staff, *lines, lines[0], lines[0] | {"notes": "n"}, {"key": "tried-there"}, b"{", params=TRIED)
    assert all(line["dry_run"] for line in told)
    assert [line["outcome"] for line in told] == ["created"] * 60 + ["there", "refused", "there", "refused"]
    assert [event["type"] for event in told[0]["events"]] == ["OrderCreated", "ItemAdded"]
    assert told[0]["order"]["total"] == 2
    assert (told[60]["key"], told[60]["position"]) == ("tried-0", None)
    assert len({line["order"]["id"] for line in told[:60]}) == 60


@pytest.mark.parametrize(
    ("entry", "scope"),
    [
        ({"type": "payment", "amount": "5", "reference": "f-1", "provider": "p", "force": True}, "history[0]"),
        ({"type": "void", "reference": "f-1", "provider": "p", "reason": "r"}, "history[0]"),
    ],
)
def test_a_line_that_needs_finance_write_is_refused_to_other_keys(
    entry: dict[str, Any], scope: str, service: Service
) -> None:
    writer = service.client(service.key("orders:write"))
    line = {"history": [entry | {"at": "2024-05-01T09:05:00Z"}]}
    with nothing_recorded(service):
        problem = taken(writer, line)[0]["problem"]
    assert (problem["status"], problem["code"]) == (403, "not-allowed")
    assert scope in problem["detail"]
    assert "finance:write" in problem["detail"]


def test_finance_may_force_a_payment_in_a_line(service: Service, staff: Client) -> None:
    payment = {"type": "payment", "amount": "5", "reference": "f-2", "provider": "p", "force": True}
    assert taken(staff, {"history": [payment | {"at": "2024-05-01T09:05:00Z"}]})[0]["status"] == 201


def test_a_batch_with_a_wrong_key_header_or_parameter_is_refused_whole(service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        assert_problem(send(service.client(service.key("orders:read")), {}), 403, "not-allowed")
        assert_problem(send(service.client(service.key(customer=5)), {}), 403, "not-allowed")
        assert_problem(requests.post(service.base + PATH, timeout=9), 401, "not-authenticated")
        assert_problem(send(staff, {}, headers={"Content-Type": "text/csv"}), 415, "unsupported-media-type")
        assert_problem(send(staff, {}, headers={"If-Match": '"1"'}), 412, "order-moved")
        assert_problem(send(staff, {}, params={"dry_runn": "1"}), 400, "invalid-parameter")


def test_a_line_that_is_too_long_is_refused_alone(staff: Client) -> None:
    told = taken(staff, {"notes": "n" * LINE_BYTES_MAX}, {"items": []})
    assert [(line["line"], line["status"]) for line in told] == [(1, 413), (2, 201)]
    assert told[0]["problem"]["code"] == "line-too-long"


def test_too_many_lines_and_too_many_bytes_record_nothing(service: Service, staff: Client) -> None:
    with nothing_recorded(service):
        assert_problem(send(staff, *[{}] * (LINES_MAX + 1)), 422, "too-many-lines")
        assert_problem(send(staff, b" " * (BYTES_MAX + 1)), 413, "body-too-large")
        in_chunks = staff.post(PATH, data=(b" " * 65_536 for _ in range(BYTES_MAX // 65_536 + 1)), headers=NDJSON)
        assert_problem(in_chunks, 413, "body-too-large")


def test_a_batch_comes_in_chunks_with_a_line_in_each(staff: Client) -> None:
    lines = [json.dumps({"key": f"chunk-{n}"}).encode() + b"\n" for n in range(500)]
    told = results(staff.post(PATH, data=iter(lines), headers=NDJSON))
    assert [(line["line"], line["status"]) for line in told] == [(n, 201) for n in range(1, 501)]


def test_an_empty_batch_comes_to_nothing(staff: Client) -> None:
    assert results(send(staff)) == []
    assert results(send(staff, b"\xef\xbb\xbf", b"", b"  ")) == []


def head(staff: Client, length: int, media: str = "application/x-ndjson") -> bytes:
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of(staff)}\r\n"
        f"Content-Type: {media}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("count", [3, 250], ids=["small", "large"])
@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
def test_an_upload_that_is_cut_off_keeps_the_lines_that_were_whole(
    count: int, is_reset: bool, service: Service, staff: Client
) -> None:
    name = f"cut-{count}-{is_reset}"
    lines = [json.dumps({"key": f"{name}-{n}", "notes": "n" * 9_000}).encode() for n in range(count)]
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head(staff, 10_000 * count) + b"\n".join(lines))
        if is_reset:
            time.sleep(0.3)  # the kernel throws away bytes that a reset overtakes
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def keys() -> list[str]:
        places = (0, count - 2, count - 1)
        found = (staff.get(ORDERS, params={"key": f"{name}-{n}"}).json()["results"] for n in places)
        return [orders[0]["key"] for orders in found if orders]

    until(lambda: len(keys()) >= 2)
    assert keys() == [f"{name}-0", f"{name}-{count - 2}"]
    again = results(staff.post(PATH, data=b"\n".join(lines), headers=NDJSON))
    assert [line["outcome"] for line in again] == ["there"] * (count - 1) + ["created"]


def test_a_client_that_ends_an_upload_early_is_told_of_the_lines_that_were_whole(
    service: Service, staff: Client
) -> None:
    answer = exchange(service, head(staff, 999) + b'{"key": "early-1"}\n{"key": "early-2"}', ends=True)
    assert answer is not None
    told = [json.loads(line) for line in answer.content.splitlines()]
    assert [(line["line"], line["status"]) for line in told] == [(1, 201), (2, 400)]
    assert told[1]["problem"]["code"] == "body-unreadable"


def test_lines_that_no_time_is_left_for_are_refused_and_come_in_when_they_are_sent_again(
    ledger: OrderLedger, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"".join(b'{"key": "late-%d"}\n' % n for n in range(60))
    commanding = Commanding(ledger, Asking(ledger, views, 1), None)

    def told() -> list[int]:
        taking = BatchImport(commanding, ME, is_trial=False, may_force=False)
        return [json.loads(line)["status"] for line in taking.import_body(BytesIO(lines), is_whole=True).results]

    with monkeypatch.context() as hurried:
        hurried.setattr(batches, "TAKING_SECONDS_MAX", 0)
        assert told() == [201] * 25 + [503] * 35
    assert told() == [200] * 25 + [201] * 35
