"""Webhooks over HTTP: made, changed, delivered, retried, replayed and refused, with a real receiver."""

import hmac
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.log.opening import open_log
from projections.webhooks.delivering import PAUSES_SECONDS
from projections.webhooks.store import store_of
from tests.api.conftest import assert_problem, paid, placed
from tests.conftest import Client, Service
from tests.postgres import of_a_file
from tests.tampering import tamper
from tests.waiting import until
from tests.webhooks.conftest import ORDERS, WEBHOOKS, Message, Receiver

Subscribe = Callable[..., dict[str, Any]]


def deliveries(staff: Client, webhook: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = staff.get(f"{WEBHOOKS}/{webhook['id']}/deliveries{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["deliveries"]


def shown(staff: Client, webhook: dict[str, Any]) -> dict[str, Any]:
    return staff.get(f"{WEBHOOKS}/{webhook['id']}").json()


def test_a_receiver_is_told_of_events_in_order_without_personal_data(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = subscribe(url=receiver.url)
    customer = {"id": 7, "email": "john@example.com", "first_name": "Johannes", "last_name": "Doe"}
    body = {"customer": customer, "notes": "ring twice", "billing_address": "Main St 1", "items": [{"unit_price": "9"}]}
    order = paid(staff, staff.post(ORDERS, json=body).json(), "9")
    staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "processing", "reason": "for Johannes"})
    told = receiver.wait(4)
    assert [message.json["type"] for message in told] == [
        "OrderCreated",
        "ItemAdded",
        "PaymentReceived",
        "StatusChanged",
    ]
    assert [message.id for message in told] == [f"{webhook['id']}-{message.position}" for message in told]
    payment = told[2].json
    assert payment["timestamp"] == payment["data"]["occurred_at"]
    assert payment["data"]["order_id"] == order["id"]
    assert payment["data"]["order"] == order["uuid"]
    assert payment["data"]["data"]["amount"] == "9.00"
    assert told[0].json["data"]["data"]["customer_id"] == 7
    for message in told:
        assert message.headers["content-type"] == "application/json"
        for secret in (b"Johannes", b"john@", b"ring twice", b"Main St", b"personal"):
            assert secret not in message.body


def test_only_the_types_that_are_wanted_are_told_from_the_position_where_the_webhook_begins(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    order = placed(staff)
    before = staff.get(f"{ORDERS}/{order['id']}").headers["Ledger-Position"]
    paid(staff, order)
    webhook = subscribe(url=receiver.url, event_types=["PaymentReceived"], after=before)
    paid(staff, placed(staff))
    told = receiver.wait(2)
    assert [message.json["type"] for message in told] == ["PaymentReceived"] * 2
    assert order["uuid"] in {message.order for message in told}
    until(lambda: shown(staff, webhook)["behind"] == 0)
    assert len(receiver.messages) == 2


def test_a_webhook_is_made_shown_changed_rotated_and_removed(
    staff: Client, receiver: Receiver, service: Service
) -> None:
    made = staff.post(WEBHOOKS, json={"url": receiver.url, "secret": "whsec_" + "YWJj" * 8})
    assert made.status_code == 201
    webhook = made.json()
    address = f"{WEBHOOKS}/{webhook['id']}"
    assert made.headers["Location"] == address
    assert webhook.pop("secret") == "whsec_" + "YWJj" * 8
    assert webhook["status"] == "enabled"
    assert webhook["public_key"].startswith("whpk_")
    assert shown(staff, webhook) | {"position": "", "behind": 0} == webhook | {"position": "", "behind": 0}
    assert webhook["id"] in [each["id"] for each in staff.get(WEBHOOKS).json()["webhooks"]]
    changed = staff.patch(address, json={"event_types": ["StatusChanged"], "enabled": False}).json()
    assert (changed["event_types"], changed["status"]) == (["StatusChanged"], "disabled")
    assert changed["url"] == receiver.url
    assert staff.post(f"{address}/enable").json()["status"] == "enabled"
    rotated = staff.post(f"{address}/rotate").json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != "whsec_" + "YWJj" * 8
    assert "secret" not in shown(staff, webhook)
    assert staff.delete(address).status_code == 204
    assert_problem(staff.get(address), 404, "webhook-not-found")
    assert_problem(staff.delete(address), 404, "webhook-not-found")


def test_two_changes_of_a_webhook_at_the_same_time_are_both_made(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = subscribe(url=receiver.url)
    for n in range(20):
        changed = {"url": f"{receiver.url}/{n}"}, {"event_types": ["PaymentReceived", "StatusChanged"][n % 2 :]}
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda body: staff.patch(f"{WEBHOOKS}/{webhook['id']}", json=body), changed))
        assert [answer.status_code for answer in answers] == [200, 200]
        after = shown(staff, webhook)
        assert {name: after[name] for name in ("url", "event_types")} == {**changed[0], **changed[1]}


def test_every_fault_of_a_webhook_is_named_at_once(staff: Client, service: Service) -> None:
    wrong = {"url": "ftp://x", "event_types": ["PaymentReceived", "Paid"], "secret": "short", "after": "7"}
    body = assert_problem(staff.post(WEBHOOKS, json=wrong), 422, "invalid-field")
    assert [error["field"] for error in body["errors"]] == ["url", "event_types[1]", "secret", "after"]
    assert_problem(staff.post(WEBHOOKS, json={}), 422, "invalid-field", field="url")
    late = {"url": "https://example.com", "after": "orders:99999999"}
    assert_problem(staff.post(WEBHOOKS, json=late), 422, "invalid-field", field="after")
    assert_problem(staff.get(f"{WEBHOOKS}?page=1"), 400, "invalid-parameter", field="page")
    reader = service.client(service.key("webhooks:read"))
    assert_problem(reader.post(WEBHOOKS, json={"url": "https://example.com"}), 403, "not-allowed")
    assert reader.get(WEBHOOKS).status_code == 200
    assert_problem(service.client(service.key("orders:read")).get(WEBHOOKS), 403, "not-allowed")


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]",
        "167772161",
        "0x0a000001",
    ],
)
def test_addresses_inside_the_operators_network_are_refused(staff: Client, host: str) -> None:
    assert_problem(staff.post(WEBHOOKS, json={"url": f"http://{host}/x"}), 422, "invalid-field", field="url")


@pytest.mark.parametrize("url", ["http://me:secret@example.com/", "https://example.com/#top", "http://", "https://a b"])
def test_an_address_that_is_none_is_refused(staff: Client, url: str) -> None:
    assert_problem(staff.post(WEBHOOKS, json={"url": url}), 422, "invalid-field", field="url")


def test_an_order_whose_event_is_not_taken_waits_and_holds_no_other_order_up(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    bad = placed(staff)
    refused: list[str] = []

    def answer(message: Message) -> tuple[int, dict[str, str], bytes]:
        if message.order == bad["uuid"] and len(refused) < 2:
            refused.append(message.id)
            return 503, {}, b"not now " * 1_000
        return 200, {}, b"thanks"

    receiver.answers = answer
    webhook = subscribe(url=receiver.url)
    paid(staff, bad)
    staff.post(f"{ORDERS}/{bad['id']}/status", json={"status": "processing"})
    good = paid(staff, placed(staff))
    until(lambda: [m.order for m in receiver.messages].count(good["uuid"]) == 3)
    until(lambda: len(deliveries(staff, webhook, "?status=waiting")) == 2)
    waiting = deliveries(staff, webhook, "?status=waiting")
    assert [each["type"] for each in waiting] == ["StatusChanged", "PaymentReceived"]
    first = waiting[1]
    assert (first["answer_status"], first["attempts"], first["answer"]) == (503, 1, ("not now " * 128))
    assert first["next_at"] > first["attempted_at"]
    until(lambda: shown(staff, webhook)["waiting"] == 2)
    assert staff.post(f"{WEBHOOKS}/{webhook['id']}/enable").status_code == 200  # enabling tries at once
    until(lambda: len(refused) == 2)
    assert staff.post(f"{WEBHOOKS}/{webhook['id']}/enable").status_code == 200
    until(lambda: shown(staff, webhook)["waiting"] == 0)
    told = [message.json["type"] for message in receiver.messages if message.order == bad["uuid"]]
    assert told == ["PaymentReceived"] * 3 + ["StatusChanged"]
    assert len(set(refused)) == 1
    (done,) = deliveries(staff, webhook, f"?limit=1&before=orders:{int(first['position'][7:]) + 1}")
    assert (done["status"], done["answer_status"], done["answer"]) == ("delivered", 200, "thanks")


def test_a_delivery_can_be_replayed_with_the_same_id(staff: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    webhook = subscribe(url=receiver.url)
    paid(staff, placed(staff))
    told = list(receiver.wait(3))
    until(lambda: len(deliveries(staff, webhook)) == 3)
    replayed = staff.post(f"{WEBHOOKS}/{webhook['id']}/deliveries/{told[1].id}/replay")
    assert replayed.status_code == 202
    assert replayed.json()["status"] == "waiting"
    again = receiver.wait(4)[3]
    assert (again.id, again.body) == (told[1].id, told[1].body)
    until(lambda: {each["status"] for each in deliveries(staff, webhook)} == {"delivered"})
    nothing = f"{WEBHOOKS}/{webhook['id']}/deliveries/{webhook['id']}-99999999/replay"
    assert_problem(staff.post(nothing), 404, "delivery-not-found")


def test_a_redirect_is_not_followed(staff: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.answers = lambda _: (307, {"Location": receiver.url + "/elsewhere"}, b"")
    webhook = subscribe(url=receiver.url)
    placed(staff)
    until(lambda: len(deliveries(staff, webhook)) == 2)
    assert [each["answer_status"] for each in deliveries(staff, webhook)] == [None, 307]
    assert len(receiver.messages) == 1


def test_a_receiver_that_answers_410_is_told_no_more(staff: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.answers = lambda _: (410, {}, b"")
    webhook = subscribe(url=receiver.url)
    placed(staff)
    until(lambda: shown(staff, webhook)["status"] == "disabled")
    assert "410" in shown(staff, webhook)["disabled_because"]
    receiver.answers = lambda _: (204, {}, b"")
    assert staff.post(f"{WEBHOOKS}/{webhook['id']}/enable").json()["status"] == "enabled"
    assert [message.json["type"] for message in receiver.wait(3)] == ["OrderCreated", "OrderCreated", "ItemAdded"]


def test_a_message_that_is_not_taken_is_tried_again_by_itself(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    times: list[float] = []
    receiver.answers = lambda _: (times.append(time.monotonic()) or 500 if len(times) < 2 else 204, {}, b"")
    subscribe(url=receiver.url, event_types=["OrderCreated"])
    placed(staff)
    receiver.wait(2)
    assert times[1] - times[0] >= 4.5


def test_after_three_days_of_attempts_a_webhook_is_disabled_and_loses_nothing(
    staff: Client, receiver: Receiver, service: Service, subscribe: Subscribe
) -> None:
    receiver.answers = lambda _: (500, {}, b"")
    webhook = subscribe(url=receiver.url)
    placed(staff)
    until(lambda: shown(staff, webhook)["waiting"] == 2)
    with closing(open_log(service.url)) as log:
        store = store_of(log, service.folder / "webhooks.db")
        first = store.waiting(webhook["id"])[0]
        store.replay(webhook["id"], first._replace(attempts=len(PAUSES_SECONDS), next_at=0))
    until(lambda: shown(staff, webhook)["status"] == "disabled")
    assert "three days" in shown(staff, webhook)["disabled_because"]
    placed(staff)
    receiver.answers = lambda _: (204, {}, b"")
    receiver.messages.clear()
    assert staff.post(f"{WEBHOOKS}/{webhook['id']}/enable").status_code == 200
    assert sorted(message.json["type"] for message in receiver.wait(4)) == ["ItemAdded"] * 2 + ["OrderCreated"] * 2


def test_a_slow_receiver_holds_nobody_up(staff: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    slow = Receiver()
    end = threading.Event()
    slow.answers = lambda _: ({True: 204, False: 500}[end.wait(10)], {}, b"")
    try:
        subscribe(url=slow.url)
        subscribe(url=receiver.url)
        begun = time.monotonic()
        for _ in range(20):
            placed(staff)
        receiver.wait(40)
        assert time.monotonic() < begun + 8
    finally:
        end.set()
        slow.close()


def test_webhooks_outlive_a_restart_and_a_rebuild(make_service: Callable[..., Service], receiver: Receiver) -> None:
    service = make_service(LEDGER_WEBHOOK_NETWORKS="127.0.0.1")
    staff = service.client(service.key("orders:write", "webhooks:read", "webhooks:write"))
    webhook = staff.post(WEBHOOKS, json={"url": receiver.url}).json()
    placed(staff)
    receiver.wait(2)
    until(lambda: shown(staff, webhook)["behind"] == 0)
    assert service.stop() == 0
    for view in service.folder.glob("views*"):
        view.unlink()
    service.start()
    placed(staff)
    assert [message.json["type"] for message in receiver.wait(4)] == ["OrderCreated", "ItemAdded"] * 2
    assert len({message.id for message in receiver.messages}) == 4


@of_a_file
def test_a_webhook_is_disabled_where_a_record_cannot_be_read_and_the_log_says_so_once(
    make_service: Callable[..., Service], receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = lambda _: (503, {}, b"")
    service = make_service(LEDGER_WEBHOOK_NETWORKS="127.0.0.0/8", workers=1)
    staff = service.client(service.key("orders:write", "webhooks:read", "webhooks:write"))
    made = staff.post(WEBHOOKS, json={"url": receiver.url, "event_types": ["OrderCreated"]}).json()
    position = int(staff.post(ORDERS, json={"items": []}).headers["Ledger-Position"].partition(":")[2])
    noted = f"{WEBHOOKS}/{made['id']}/deliveries"
    until(lambda: [each["status"] for each in staff.get(noted).json()["deliveries"]] == ["waiting"])
    service.stop()
    tamper(tmp_path / "ledger.db", "UPDATE events SET payload = '{' WHERE position = ?", position)
    service.start()
    until(lambda: staff.get(f"{WEBHOOKS}/{made['id']}").json()["status"] == "disabled")
    assert "cannot be read" in staff.get(f"{WEBHOOKS}/{made['id']}").json()["disabled_because"]
    assert "never retrieved" not in service.log()


def test_a_webhook_that_was_given_another_address_is_not_disabled_by_a_410_of_the_former_one(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    def moves(message: Message) -> tuple[int, dict[str, str], bytes]:
        if message.path != "/hooks":
            return 204, {}, b""
        assert staff.patch(f"{WEBHOOKS}/{webhook['id']}", json={"url": f"{receiver.url}/new"}).status_code == 200
        return 410, {}, b""

    receiver.answers = moves
    webhook = subscribe(url=receiver.url, event_types=["OrderCreated"])
    placed(staff)
    receiver.wait(1)
    until(lambda: receiver.messages[-1].path == "/hooks/new")
    assert shown(staff, webhook)["status"] == "enabled"


def test_a_replay_that_is_asked_for_during_an_attempt_is_not_undone_by_its_end(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = subscribe(url=receiver.url, event_types=["OrderCreated"])
    placed(staff)
    first = receiver.wait(1)[0]
    until(lambda: len(deliveries(staff, webhook)) == 1)
    replay = f"{WEBHOOKS}/{webhook['id']}/deliveries/{first.id}/replay"

    def asks_again(_: Message) -> tuple[int, dict[str, str], bytes]:
        if len(receiver.messages) == 1:
            assert staff.post(replay).status_code == 202
        return 204, {}, b""

    receiver.answers = asks_again
    assert staff.post(replay).status_code == 202
    assert [message.id for message in receiver.wait(3)] == [first.id] * 3


def test_a_rotation_to_the_same_secret_that_is_repeated_keeps_the_old_one(
    staff: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = subscribe(url=receiver.url, secret="whsec_" + "YWJj" * 8, event_types=["OrderCreated"])
    for _ in range(2):
        new = {"secret": "whsec_" + "ZGVm" * 8}
        assert staff.post(f"{WEBHOOKS}/{webhook['id']}/rotate", json=new).json()["secret"] == new["secret"]
    placed(staff)
    (told,) = receiver.wait(1)
    signed = f"{told.id}.{told.headers['webhook-timestamp']}.".encode() + told.body
    assert [
        f"v1,{b64encode(hmac.digest(secret, signed, 'sha256')).decode()}" in told.headers["webhook-signature"].split()
        for secret in (b"abc" * 8, b"def" * 8)
    ] == [True, True]
