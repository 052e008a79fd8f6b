"""Which words of an erased person does an attacker find, who asks the service for everything and reads its files?"""

import json
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.aggregate import personal_parts
from domain.ledger import OrderLedger
from domain.log.keys import SCOPES
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord, digest_of
from domain.moments import instant
from domain.order.personal import PARTS
from domain.order.state import ORDER
from domain.privacy.erasing import Erasing, ErasureRequest
from domain.privacy.erasures import Erasures
from domain.privacy.keyring import DataOwner
from domain.reconciliation.state import RECONCILIATION
from domain.topics import TOPICS
from projections.customers.orders_of import orders_of
from projections.history import Entry, HistoryReader
from projections.proof.verification import check_part
from projections.views.views import Views
from tests.conftest import ME, ROOT, Client, Clock
from tests.privacy.conftest import AUDIT, KEEP, MINA, ORDERS, PRIVACY, TOM, WORDS, Shop
from tests.projections.histories import play
from tests.projections.rows import anew, rows
from tests.samples import Sample, samples, stored
from tests.waiting import until

UPLOADS = "/api/v1/finance/reconciliations"


def found(content: bytes) -> list[bytes]:
    return [word for word in WORDS if word in content]


def parts_of(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


# --- a copy of all that is kept ---


def test_a_customers_copy_over_http_is_noted_and_has_nulls_after_an_erasure(
    shop: Shop,
) -> None:
    address = f"{PRIVACY}/customers/7/export"
    order = shop.place(**MINA)
    shop.place(**TOM)
    shop.staff.post(f"{ORDERS}/{order['id']}/payments", json={"amount": "40", "reference": "pi_1", "provider": "p"})
    for client in (shop.staff, shop.auditor, shop.confidant):
        assert client.get(address).status_code == 403
    assert shop.officer.get(f"{PRIVACY}/customers/99/export").status_code == 404
    answer = shop.officer.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert "customer-7.zip" in answer.headers["Content-Disposition"]
    parts = parts_of(answer.content)
    assert set(parts) == {"index.html", "orders.json", "events.json", "payments.json", "erasures.json", "kept.json"}
    assert "Neckarhalde 17" in parts["index.html"]
    assert "mina@weissenberger.example" in parts["events.json"]
    assert "Tailor" not in "".join(parts.values())
    assert [payment["reference"] for payment in json.loads(parts["payments.json"])] == ["pi_1"]
    assert {(kept["part"], kept["state"]) for kept in json.loads(parts["kept.json"])} == {
        ("contact", "kept"),
        ("invoice", "kept"),
    }
    (noted,) = map(json.loads, (shop.folder / "accesses.txt").read_text().splitlines())
    assert (noted["order"], noted["parts"]) == (order["uuid"], ["contact", "invoice"])
    shop.erase("customers/7", force=True)
    parts = parts_of(shop.officer.get(address).content)
    assert found("".join(parts.values()).encode()) == []
    assert [erasure["erased"] for erasure in json.loads(parts["erasures.json"])] == [["contact", "invoice"]]
    assert [payment["reference"] for payment in json.loads(parts["payments.json"])] == ["pi_1"]


def test_process_miners_get_the_same_events_after_an_erasure_and_it_beside_them(shop: Shop) -> None:
    order = shop.place(**MINA)
    shop.staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "cancelled", "reason": "Mina called"})

    def exported(name: str) -> set[tuple[str, str]]:
        done = shop.service.run("export", "ocel", str(shop.folder / name))
        assert done.returncode == 0, done.stderr
        content = (shop.folder / name).read_bytes()
        assert found(content) == []
        connection = sqlite3.connect(shop.folder / name)
        rows = set(connection.execute("SELECT ocel_id, ocel_type FROM event"))
        connection.close()
        return rows

    before = exported("before.sqlite")
    shop.erase("customers/7")
    after = exported("after.sqlite")
    assert before < after
    assert {kind for _, kind in after - before} == {"PersonalErased"}


# --- the memory of processes ---


def test_a_quarter_of_a_second_after_an_erasure_no_process_tells_anything_out_of_its_memory(shop: Shop) -> None:
    orders = [shop.place(**MINA) for _ in range(3)]
    own = shop.service.client(shop.service.key(customer=7))
    asked = [
        (shop.staff, f"{ORDERS}/{orders[0]['id']}"),
        (shop.staff, f"{ORDERS}?search=Weissenberger"),
        (shop.staff, "/api/v1/customers/7"),
        (own, "/api/shop/customers/me/orders"),
        (own, "/api/v1/i/orders/"),
        (shop.confidant, f"{AUDIT}/orders/{orders[1]['id']}?version=1&personal=contact,invoice"),
        (shop.confidant, f"{AUDIT}/orders/{orders[1]['id']}/events?personal=contact,invoice"),
        (shop.confidant, f"{AUDIT}/orders/{orders[2]['id']}/changes?from=0&personal=contact,invoice"),
        (shop.confidant, f"{AUDIT}/events?personal=contact,invoice"),
    ]
    clients = [(client, address) for client, address in asked for _ in range(8)]

    def fresh(asked: tuple[Client, str]) -> bytes:
        """The answer over a new connection, so that each worker is asked."""
        key = str(asked[0].headers["Authorization"]).removeprefix("Bearer ")
        with shop.service.client(key) as client:
            return bytes(client.get(asked[1]).content)

    with ThreadPoolExecutor(4) as pool:
        assert [
            client[1] for client, content in zip(clients, pool.map(fresh, clients), strict=True) if not found(content)
        ] == []
        shop.erase("customers/7")
        time.sleep(0.25)
        assert [found(content) for content in pool.map(fresh, clients)] == [[]] * len(clients)


def test_an_etag_from_before_an_erasure_gets_the_erased_order(shop: Shop) -> None:
    order = shop.place(**MINA)
    address = f"{ORDERS}/{order['id']}"
    tag = shop.staff.get(address).headers["ETag"]
    assert shop.staff.get(address, headers={"If-None-Match": tag}).status_code == 304
    shop.erase("customers/7")
    again = shop.staff.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.json()["billing_address"]) == (200, None)
    assert again.headers["ETag"] != tag


def test_a_command_that_is_sent_again_after_an_erasure_answers_without_a_name(shop: Shop) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = shop.staff.post(ORDERS, json=MINA, headers=headers)
    shop.erase("customers/7")
    again = shop.staff.post(ORDERS, json=MINA, headers=headers)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["uuid"] == first.json()["uuid"]
    assert found(again.content) == []
    assert shop.still_held() == {}


# --- the audit ---


# The longest sample of each kind of event with personal data.
KINDS = {
    topic.shape: sample
    for folder in ("domain", "reconciliation")
    for sample in sorted(samples(ROOT / "tests" / folder), key=lambda sample: len(bytes(sample.payload)))
    if (topic := TOPICS[sample.topic.encode()]).shape in topic.kind.personal
    and any(personal_parts(topic.decode(bytes(sample.payload)), topic.kind.personal[topic.shape]))
}


def test_there_is_a_sample_of_every_kind_of_event_that_has_anything_personal() -> None:
    assert KINDS.keys() == {
        shape for kind in (ORDER, RECONCILIATION) for shape in kind.topics.values() if shape in kind.personal
    }


@pytest.mark.parametrize("sample", KINDS.values(), ids=lambda sample: str(sample.topic))
def test_the_masked_audit_tells_nothing_that_is_personal_of_any_kind_of_event(
    sample: Sample, ledger: OrderLedger, clock: Clock
) -> None:
    record = EventMapper().to_domain_event(stored(sample))
    assert ledger.keys is not None
    with ledger.keys.sealing():
        sealed = EventMapper(ledger.keys).stored(record, DataOwner("customer:7", 2026), clock())
    uuid, now = str(sealed.originator_id), instant(clock())
    row = (uuid, sealed.originator_version, sealed.topic, sealed.state.decode(), now, "me", None, None)
    texts = [each if each is None or isinstance(each, int) else each.encode() for each in row]
    raw = RawRecord._make((1, *texts, digest_of(*row)))
    open_ = HistoryReader(ledger, PARTS)
    shown = open_.opened_parts(Entry(raw, open_.record(raw)))
    secrets = {text for part in shown.values() if part for text in _texts(json.loads(part.text))}
    masked = msgspec.json.encode(HistoryReader(ledger).audit_event(raw)).decode()
    assert shown
    assert [text for text in secrets if json.dumps(text, ensure_ascii=False)[1:-1] in masked] == []
    assert "personal" not in msgspec.json.decode(masked)


def _texts(tree: Any) -> Iterator[str]:
    """The texts in a JSON tree that are longer than three characters, and so can be looked for."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
    elif isinstance(tree, str) and len(tree) > 3:
        yield tree


# --- every address ---


def test_no_address_and_no_file_tells_anything_of_an_erased_person(shop: Shop) -> None:
    assert shop.service.run("key", "create").returncode == 0
    everything = shop.client(*SCOPES)
    receiver = everything.post("/api/v1/webhooks", json={"url": "https://receiver.example/", "event_types": []})
    order, other = shop.place(**MINA), shop.place(**TOM)
    guest = shop.place(**{**MINA, "customer": None})
    shop.staff.post(f"{ORDERS}/{order['id']}/payments", json={"amount": "40", "reference": "pi_1", "provider": "p"})
    shop.staff.post(
        f"{ORDERS}/{order['id']}/refunds",
        json={"amount": "40", "reference": "re_1", "provider": "p", "reason": "Wilhelmine was ill"},
    )
    rows = "reference,kind,gross,fee,net,currency,occurred_at,order,payout\npi_1,payment,40.00,0,40.00,USD,@,Mina,\n"
    started = everything.post(
        UPLOADS,
        data=rows.replace("@", "2026-03-01T12:00:00Z").encode(),
        params={"provider": "p", "file": "march.csv"},
        headers={"Content-Type": "text/csv"},
    ).json()
    results = [result["id"] for result in started["results"]]
    decided = everything.post(
        f"{UPLOADS}/{started['id']}/break", json={"results": results[:1], "reason": "Mina called"}
    )
    assert decided.status_code in (200, 409), decided.text
    shop.erase("customers/7", force=True)
    shop.erase(f"orders/{guest['id']}", force=True)
    assert shop.service.run("erase", "--reconciliation", started["id"], "--force").returncode == 0
    named = {
        "customer_id": "7",
        "period": "2026-03?provider=p",
        "reconciliation": started["id"],
        "webhook_id": receiver.json().get("id", "none"),
        "name": "none",
    }
    own = shop.service.client(shop.service.key(customer=7))
    asked = 0
    for path, methods in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items():
        if "get" not in methods or path.endswith("/stream"):
            continue
        for number in (order["id"], guest["id"]):
            address = path.format(**named, order_id=number)
            for client in (everything, own, shop.auditor):
                for personal in ("", "contact,invoice"):
                    answer = client.get(address, params={"personal": personal} if personal else {})
                    assert answer.status_code < 500, (address, answer.text)
                    assert found(_unpacked(answer.content)) == [], address
                    asked += answer.status_code == 200
    assert asked > 60
    assert found(everything.get(f"{ORDERS}/{other['id']}").content) == []
    for command in (["export", "events"], ["export", "events", "--format", "csv"], ["export", "orders"]):
        assert found(shop.service.run(*command).stdout) == []
    assert shop.still_held() == {}
    assert "everything holds" in shop.verify()


def _unpacked(content: bytes) -> bytes:
    return "".join(parts_of(content).values()).encode() if content.startswith(b"PK") else content


@pytest.mark.parametrize("seed", range(3))
def test_the_views_of_erased_orders_are_the_same_fed_live_or_made_anew_whatever_happened_to_them(
    seed: int, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    ledger.feed = lambda written: views.catch_up(written=written)
    play(ledger, clock, Random(seed), 200)
    assert ledger.keys is not None
    erasing = Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(tmp_path / "erasures.txt"))
    request = ErasureRequest(PARTS, force=True)
    orders = [ledger.order(UUID(uuid)) for (uuid,) in views.reader.execute("SELECT uuid FROM orders").fetchall()]
    for order in orders:
        if order.customer is None or order.customer.id is None:
            erasing.erase_guest(order.uuid, request, ME)
    for customer in {order.customer.id for order in orders if order.customer and order.customer.id is not None}:
        erasing.erase_customer(customer, request, ME)
    assert any(order.metadata or any(item.metadata for item in order.items) for order in orders)
    assert rows(views) == anew(ledger, tmp_path)
    found = check_part(ledger.location, views.in_force(), 1, ledger.head(), ledger.head())
    assert (found.records, found.histories, found.claims) == ([], [], [])
    views.close()


def test_the_refusal_of_a_file_goes_with_an_erasure(shop: Shop) -> None:
    shop.place(**MINA)
    clerk = shop.client("finance:read", "finance:write")
    rows = "".join(f"p{i},payment,1.00,0,1.00,USD,2026-03-01T12:00:00Z,x,\n" for i in range(25_000))
    content = (
        f"reference,kind,gross,fee,net,currency,occurred_at,order,payout\n{rows}q,payment,Weissenberger,,1,USD,,,\n"
    )
    given = {"params": {"provider": "p", "file": "march.csv"}, "headers": {"Content-Type": "text/csv"}}
    begun = clerk.post(UPLOADS, data=content.encode(), **given)
    assert begun.status_code == 202
    until(lambda: clerk.get(begun.headers["Location"]).status_code != 202)
    answer = clerk.get(begun.headers["Location"])
    assert (answer.status_code, "'Weissenberger' is not an amount" in answer.text) == (422, True)
    shop.erase("customers/7")
    assert clerk.get(begun.headers["Location"]).status_code == 404
    assert shop.still_held() == {}
