"""Is a person forgotten, everywhere, and does every proof still hold?"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.order import decide
from domain.order.commands import ChangeOrder
from domain.order.personal import PARTS
from domain.privacy.erasing import Erasing, ErasureRequest, destroy_leftovers
from domain.privacy.erasures import Erasures
from domain.refusals import OrderTooLong
from projections.customers.orders_of import orders_of
from projections.views.rebuilding import make_part
from projections.views.views import Views
from tests.api.test_streams import OWN, stream
from tests.conftest import ME, ROOT, Client, Clock, do, new_order
from tests.privacy.conftest import (
    AUDIT,
    KEEP,
    MINA,
    ORDERS,
    PRIVACY,
    TOM,
    WORDS,
    Shop,
    erase_amid_first_orders,
    found_in,
    keys_at,
    sealed_ledger,
)
from tests.waiting import until


def checked(pack: bytes, folder: Path) -> str:
    (folder / "pack.zip").write_bytes(pack)
    program = [sys.executable, "-I", str(ROOT / "domain/proof/verify.py"), str(folder / "pack.zip")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    (folder / "pack.zip").unlink()
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.split())


def test_after_an_erasure_nothing_of_a_person_is_left_and_every_proof_holds(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert shop.service.run("key", "create").returncode == 0
    for _ in range(20):
        shop.place(**TOM)
    orders = [shop.place(**MINA) for _ in range(3)]
    shop.staff.patch(f"{ORDERS}/{orders[0]['id']}", json={"notes": "Weissenberger called", "billing_address": None})
    shop.staff.post(f"{ORDERS}/{orders[1]['id']}/payments", json={"amount": "40", "reference": "pi_1", "provider": "p"})
    body = {"amount": "40", "reference": "re_1", "provider": "p", "reason": "Wilhelmine was ill"}
    shop.staff.post(f"{ORDERS}/{orders[1]['id']}/refunds", json=body)
    body = {"status": "cancelled", "reason": "Mina changed her mind"}
    shop.staff.post(f"{ORDERS}/{orders[2]['id']}/status", json=body)
    tom, *_ = [shop.place(**TOM) for _ in range(20)]
    before = {order["id"]: shop.staff.get(f"{ORDERS}/{order['id']}").json() for order in orders}
    counts = shop.staff.get(ORDERS, params={"customer": 7}).json()["count"]
    evidence = f"{AUDIT}/orders/{orders[1]['id']}/evidence"
    packs = [
        shop.auditor.get(evidence).content,
        shop.confidant.get(evidence, params={"personal": "contact,invoice"}).content,
    ]
    checkpoint = shop.auditor.get(f"{AUDIT}/checkpoint", headers={"Accept": "text/plain"}).content

    made = shop.erase("customers/7", basis="request", reference="T-17")
    assert (made["recorded"], made["erased"], len(made["orders"])) == (True, ["contact", "invoice"], 3)
    assert shop.erase("customers/7", 200)["recorded"] is False

    for order_id, was in before.items():
        order = shop.staff.get(f"{ORDERS}/{order_id}").json()
        assert [order[name] for name in ("total", "amount_paid", "items")] == [
            was[name] for name in ("total", "amount_paid", "items")
        ]
        assert order["billing_country"] == {"id": 1, "name": "Germany", "code": "DE"}
        assert (order["notes"], order["billing_address"], order["customer"]["full_name"]) == (None, None, "")
    assert shop.staff.get(ORDERS, params={"customer": 7}).json()["count"] == counts
    assert shop.staff.get(ORDERS, params={"search": "weissenberger"}).json()["count"] == 0
    assert shop.staff.get(f"{ORDERS}/{tom['id']}").json()["billing_address"] == "1 Tailor Street"
    for client, parameters in ((shop.auditor, {}), (shop.confidant, {"personal": "contact,invoice"})):
        told = client.get(f"{AUDIT}/events", params={"limit": 1000, **parameters}).content
        told += client.get(f"{AUDIT}/orders/{orders[0]['id']}/changes", params=parameters).content
        told += client.get(f"{AUDIT}/orders/{orders[0]['id']}", params={"version": 1, **parameters}).content
        assert [word for word in WORDS if word in told] == []
    assert b"notes changed" in told or b"notes changed" in shop.auditor.get(f"{AUDIT}/events?limit=1000").content
    for command in (["export", "events"], ["export", "beancount"]):
        exported = shop.service.run(*command).stdout
        assert exported
        assert [word for word in WORDS if word in exported] == []
    assert shop.still_held() == {}
    assert "everything holds" in shop.verify()
    shop.service.stop()
    assert shop.still_held() == {}

    (elsewhere / "kept.txt").write_bytes(checkpoint)
    assert shop.service.run("verify", "--checkpoint", str(elsewhere / "kept.txt")).returncode == 0
    assert "hidden: " in checked(packs[0], elsewhere)
    assert "shown and true: " in checked(packs[1], elsewhere)
    shop.service.start()
    after = shop.confidant.get(evidence, params={"personal": "contact,invoice"}).content
    assert "personal.json: erased: " in checked(after, elsewhere)


def test_a_part_that_is_left_is_restricted_until_the_law_lets_it_go(shop: Shop, tmp_path: Path) -> None:
    order = shop.place(**MINA)
    shop.erase("customers/7", parts=["contact"])
    shown = shop.staff.get(f"{ORDERS}/{order['id']}").json()
    assert (shown["notes"], shown["billing_address"]) == (None, None)
    assert shown["personal"] == {"erased": ["contact"], "restricted": ["invoice"]}
    then = {"personal": "contact,invoice", "version": 2}
    assert (
        shop.confidant.get(f"{AUDIT}/orders/{order['id']}", params=then).json()["billing_address"] == "Neckarhalde 17"
    )
    (erasure,) = shop.officer.get(f"{PRIVACY}/customers/7").json()["erasures"]
    assert (erasure["erased"], erasure["restricted"]) == (["contact"], ["invoice"])
    assert int(erasure["until"][:4]) == int(erasure["at"][:4]) + 10
    refused = shop.staff.patch(f"{ORDERS}/{order['id']}", json={"billing_address": "Lange Gasse 5"})
    assert (refused.status_code, refused.json()["code"]) == (409, "personal-data-erased")
    assert shop.staff.patch(f"{ORDERS}/{order['id']}", json={"shipping_cost": "5"}).status_code == 200
    shop.erase("customers/7", parts=["invoice"])
    assert shop.still_held() == {}


def test_a_restricted_part_is_not_in_the_answer_to_a_command_that_is_repeated(shop: Shop) -> None:
    payment, key = {"amount": "40", "reference": "pi_1", "provider": "p"}, {"Idempotency-Key": "one"}
    created = shop.staff.post(ORDERS, json=MINA, headers=key).json()
    paid = shop.staff.post(f"{ORDERS}/{created['id']}/payments", json=payment).json()
    assert created["billing_address"] == paid["billing_address"] == "Neckarhalde 17"
    shop.erase("customers/7", parts=["contact"], force=True)
    for before, again in (
        (created, shop.staff.post(ORDERS, json=MINA, headers=key).json()),
        (paid, shop.staff.post(f"{ORDERS}/{created['id']}/payments", json=payment).json()),
    ):
        assert (again["version"], again["amount_paid"]) == (before["version"], before["amount_paid"])
        assert [word for word in WORDS if word in json.dumps(again).encode()] == []


def test_a_restricted_part_is_not_in_what_a_stream_tells_again(shop: Shop) -> None:
    order = shop.place(**MINA)
    shop.staff.patch(f"{ORDERS}/{order['id']}", json={"shipping_cost": "5"})
    own = shop.service.client(shop.service.key(customer=7))
    with stream(own, OWN, **{"Last-Event-ID": "orders:0"}) as live:
        assert "Neckarhalde" in json.dumps(live.take(2)[0].data)
    shop.erase("customers/7", parts=["contact"])
    with stream(own, OWN, **{"Last-Event-ID": "orders:0"}) as live:
        told = live.take(3)
    assert [word for word in WORDS if word in json.dumps(told).encode()] == []


def test_a_contact_that_is_left_is_restricted_until_its_own_time_is_over(shop: Shop) -> None:
    shop.place(**MINA)
    shop.erase("customers/7", parts=["invoice"])
    told = shop.officer.get(f"{PRIVACY}/customers/7").json()
    (erasure,) = told["erasures"]
    kept = {one["part"]: one["until"] for one in told["kept"] if one["state"] == "restricted"}
    assert (erasure["restricted"], {"contact": erasure["until"]}) == (["contact"], kept)


def test_an_erasure_that_is_tried_says_what_would_go_and_destroys_nothing(shop: Shop) -> None:
    order, guest = shop.place(**MINA), shop.place(**{**MINA, "customer": {"first_name": "Mina"}})
    tried = {"dry_run": "true"}
    for path, each in (("customers/7", order), (f"orders/{guest['id']}", guest)):
        answer = shop.officer.post(f"{PRIVACY}/{path}/erasures", params=tried, json={})
        told = answer.json()
        assert (answer.status_code, told["orders"], told["keys_destroyed"]) == (200, [each["uuid"]], 2)
        assert (told["id"], told["recorded"], told["dry_run"]) == (None, False, True)
        assert shop.staff.get(f"{ORDERS}/{each['id']}").json()["billing_address"] == "Neckarhalde 17"
    assert not (shop.folder / "erasures.txt").exists()
    shop.staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "processing"})
    assert shop.officer.post(f"{PRIVACY}/customers/7/erasures", params=tried, json={}).status_code == 409
    assert shop.erase("customers/7", force=True)["keys_destroyed"] == 2


def test_an_order_in_work_is_erased_where_it_is_forced_and_a_new_one_has_new_keys(shop: Shop) -> None:
    order = shop.place(**MINA)
    shop.staff.post(f"{ORDERS}/{order['id']}/status", json={"status": "processing"})
    refused = shop.erase("customers/7", 409)
    assert (refused["code"], str(order["id"]) in refused["detail"]) == ("order-in-work", True)
    shop.erase("customers/7", force=True)
    again = shop.place(**MINA)
    assert again["billing_address"] == "Neckarhalde 17"
    assert shop.erase("customers/7")["orders"] == [again["uuid"]]


def test_a_customer_is_erased_also_where_an_order_has_as_many_events_as_it_may_have(
    tmp_path: Path, ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    order = do(ledger.create, new_order(**MINA), ME).order
    monkeypatch.setattr(decide, "EVENTS_MAX", order.version)
    with pytest.raises(OrderTooLong):
        do(ledger.change, order.uuid, ChangeOrder(notes="one more"), ME)
    assert ledger.keys is not None
    erasing = Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(tmp_path / "erasures.txt"))
    assert len(erasing.erase_customer(7, ErasureRequest(PARTS), ME).keys) == 2
    assert (ledger.order(order.uuid).billing.address, ledger.order(order.uuid).erased) == (None, PARTS)
    views.close()


def test_an_erasure_that_is_sent_with_an_idempotency_key_leaves_a_log_that_verifies(shop: Shop) -> None:
    for fields in (MINA, MINA, {**MINA, "customer": {"first_name": "Mina"}}):
        order = shop.place(**fields)
    for path in ("customers/7", f"orders/{order['id']}"):
        for status in (201, 200):
            answer = shop.officer.post(f"{PRIVACY}/{path}/erasures", json={}, headers={"Idempotency-Key": "case-17"})
            assert answer.status_code == status, answer.text
    assert "everything holds" in shop.verify()


def test_a_service_goes_on_where_its_keys_are_wrapped_anew(shop: Shop) -> None:
    order = shop.place(**MINA)
    assert shop.service.run("keys", "rotate").returncode == 0
    time.sleep(0.3)
    shown = shop.confidant.get(f"{AUDIT}/orders/{order['id']}", params={"personal": "invoice"})
    assert shown.json()["billing_address"] == "Neckarhalde 17"
    assert shop.place(**MINA)["billing_address"] == "Neckarhalde 17"


def test_a_service_that_runs_wraps_by_a_new_master_key_at_once_so_the_old_one_can_go(shop: Shop) -> None:
    shop.place(**MINA)
    (old,) = keys_at(shop.folder).masters.names
    assert shop.service.run("keys", "rotate").returncode == 0
    theirs = [shop.place(**{**TOM, "customer": {**TOM["customer"], "id": 8 + n}}) for n in range(4)]
    done = shop.service.run("keys", "retire-master", old)
    assert done.returncode == 0, done.stderr
    theirs += [shop.place(**{**TOM, "customer": {**TOM["customer"], "id": 20 + n}}) for n in range(4)]
    shop.service.stop()
    shop.service.start()
    assert shop.service.run("keys", "status").returncode == 0
    for order in theirs:
        assert shop.staff.get(f"{ORDERS}/{order['id']}").json()["billing_address"] == "1 Tailor Street"


def test_a_guests_order_is_erased_alone_and_a_customers_with_all_that_is_theirs(shop: Shop) -> None:
    guest = shop.place(**{**MINA, "customer": None})
    theirs = shop.place(**MINA)
    assert shop.erase(f"orders/{theirs['id']}", 409)["code"] == "order-of-a-customer"
    shop.erase(f"orders/{guest['uuid']}")
    assert shop.staff.get(f"{ORDERS}/{guest['id']}").json()["billing_address"] is None
    assert shop.staff.get(f"{ORDERS}/{theirs['id']}").json()["billing_address"] == "Neckarhalde 17"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("customers/99", 404, {}),
        ("customers/x", 404, {}),
        ("orders/99", 404, {}),
        ("customers/7", 422, {"basis": "she asked me to, on the phone"}),
        ("customers/7", 422, {"reference": "Mina Weissenberger"}),
        ("customers/7", 422, {"parts": ["name"]}),
        ("customers/7", 422, {"parts": []}),
        ("customers/7", 422, {"colour": "red"}),
    ],
)
def test_an_erasure_that_cannot_be_done_so_is_refused(
    shop_once: Shop, path: str, status: int, body: dict[str, Any]
) -> None:
    assert "None" not in shop_once.erase(path, status, **body)["detail"]


@pytest.fixture(scope="module")
def shop_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.place(**MINA)
    yield made
    made.service.kill()


def test_only_keys_with_the_scopes_of_privacy_ask(shop_once: Shop) -> None:
    for client in (shop_once.staff, shop_once.confidant):
        assert client.post(f"{PRIVACY}/customers/7/erasures", json={}).status_code == 403
        assert client.get(f"{PRIVACY}/customers/7").status_code == 403
    order = {"personal": "contact"}
    assert shop_once.auditor.get(f"{AUDIT}/orders/1", params=order).status_code == 403
    assert shop_once.confidant.get(f"{AUDIT}/orders/1", params={"personal": "name"}).status_code == 400


def test_a_reading_of_personal_data_is_noted_and_a_masked_one_is_not(shop_once: Shop) -> None:
    file = shop_once.folder / "accesses.txt"
    before = file.read_text().count("\n") if file.exists() else 0
    masked = shop_once.auditor.get(f"{AUDIT}/orders/1").json()
    assert (masked["notes"], masked["billing_address"]) == (None, None)
    shown = shop_once.confidant.get(f"{AUDIT}/orders/1/events", params={"personal": "invoice"}).json()["events"][0]
    assert shown["personal"]["invoice"]["personal"]["billing"]["address"] == "Neckarhalde 17"
    assert "contact" not in shown["personal"]
    (line,) = file.read_text().splitlines()[before:]
    assert {**json.loads(line), "at": "", "actor": "", "request_id": ""} == {
        **{"at": "", "actor": "", "request_id": ""},
        **{"order": masked["uuid"], "parts": ["invoice"]},
    }


def test_a_reading_names_the_person_behind_the_key_as_an_event_does(shop_once: Shop) -> None:
    asked = {"personal": "contact"}
    answer = shop_once.confidant.get(f"{AUDIT}/orders/1", params=asked, headers={"Ledger-Act": "mina.w"})
    assert answer.status_code == 200
    *_, line = (shop_once.folder / "accesses.txt").read_text().splitlines()
    assert json.loads(line)["actor"].partition("/")[2] == "mina.w"


def test_an_erasure_amid_new_orders_of_its_customer_leaves_none_and_loses_no_others(
    shop: Shop,
) -> None:
    clients = [shop.client("orders:write") for _ in range(3)]
    until = time.monotonic() + 3

    def create(client: Client, body: dict[str, Any]) -> int:
        count = 0
        while time.monotonic() < until:
            assert client.post(ORDERS, json=body).status_code == 201
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        creating = [pool.submit(create, *each) for each in zip(clients, (MINA, MINA, TOM), strict=True)]
        erased = 0
        while time.monotonic() < until:
            answer = shop.officer.post(f"{PRIVACY}/customers/7/erasures", json={})
            assert answer.status_code in (200, 201, 404), answer.text
            erased += answer.status_code == 201
        counts = [each.result() for each in creating]
    assert erased
    shop.officer.post(f"{PRIVACY}/customers/7/erasures", json={})
    for customer, of, address in ((7, counts[0] + counts[1], None), (8, counts[2], "1 Tailor Street")):
        found: list[Any] = []
        while len(found) < of:
            page = shop.staff.get(ORDERS, params={"customer": customer, "limit": 100, "offset": len(found)}).json()
            assert page["count"] == of
            found += [order["billing_address"] for order in page["results"]]
        assert set(found) == {address}
    assert shop.still_held() == {}
    assert "everything holds" in shop.verify()


# --- words that SQLite leaves between the rows ---


def put_between_rows(file: Path, word: bytes) -> int:
    """Writes a word where SQLite can leave one: between the pointers and the cells of a page.

    Returns the number of pages.
    """
    content, marked = bytearray(file.read_bytes()), 0
    page_bytes = int.from_bytes(content[16:18], "big")
    for start in range(page_bytes, len(content), page_bytes):
        kind, cells = content[start], int.from_bytes(content[start + 3 : start + 5], "big")
        first = start + (12 if kind in (2, 5) else 8) + 2 * cells
        end = start + int.from_bytes(content[start + 5 : start + 7], "big")
        if kind in (2, 5, 10, 13) and end - first > len(word):
            content[first : first + len(word)], marked = word, marked + 1
    file.write_bytes(content)
    return marked


def test_an_erasure_in_the_transaction_of_its_customers_first_order_destroys_the_new_keys(
    tmp_path: Path, ledger: OrderLedger
) -> None:
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    assert ledger.keys is not None
    erase_amid_first_orders(
        ledger, Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(tmp_path / "erasures.txt"))
    )
    views.close()


def test_keys_that_a_process_has_opened_for_a_part_of_the_log_go_when_destroyed(
    tmp_path: Path,
) -> None:
    ledger = sealed_ledger(tmp_path, Clock())
    do(ledger.create, new_order(**MINA), ME)
    assert ledger.keys is not None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def folded() -> bytes:
            return pool.submit(make_part, ledger.location, 0, 100, ledger.head(), ["orders"]).result()

        assert b"Neckarhalde" in folded()
        keys = [key.id for key in ledger.keys.store.of_subject("customer:7")]
        ledger.keys.destroy(keys, "erasure", ledger.clock())
        until(lambda: b"Neckarhalde" not in folded())
    ledger.close()


def test_nothing_is_left_between_the_rows_of_the_views_though_their_process_ended_before(tmp_path: Path) -> None:
    clock = Clock()
    ledger = sealed_ledger(tmp_path, clock)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    ledger.feed = lambda written: views.catch_up(written=written)
    do(ledger.create, new_order(**MINA), ME)
    do(ledger.create, new_order(**TOM), ME)
    assert ledger.keys is not None
    erasing = Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(tmp_path / "erasures.txt"))
    assert erasing.erase_customer(7, ErasureRequest(("contact", "invoice")), ME).is_new
    before = views.path.resolve()
    views.close()
    assert put_between_rows(before, WORDS[0]) > 10
    again = Views(ledger, tmp_path / "views.db")
    again.ensure()
    assert found_in(tmp_path, WORDS) == {}
    assert again.path.resolve() != before
    renewed = again.path.resolve()
    again.ensure()
    assert again.path.resolve() == renewed, "once is enough"
    assert again.reader.execute("SELECT count(*) FROM orders").fetchone() == (2,)
    again.close()
    ledger.close()


# --- killed at every step ---


def erase_in(folder: Path, clock: Clock, last: int) -> int:
    """Erases customer 7 in the ledger of a folder, and ends this process at the step `last`.

    Returns the number of steps.
    """
    ledger = sealed_ledger(folder, clock)
    views = Views(ledger, folder / "views.db")
    views.ensure()
    ledger.feed = lambda written: views.catch_up(written=written)
    assert ledger.keys is not None
    erasing = Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(folder / "erasures.txt"))
    count = 0

    def step(frame: FrameType, event: str, _: Any) -> None:
        nonlocal count
        if f"{ROOT}/domain" in frame.f_code.co_filename:
            count += 1
            if count == last:
                os._exit(9)

    threading.setprofile(step)
    sys.setprofile(step)
    erasing.erase_customer(7, ErasureRequest(("contact", "invoice")), ME)
    sys.setprofile(None)
    threading.setprofile(None)
    ledger.close()
    return count


def killed(folder: Path, clock: Clock, last: int) -> None:
    """Erases customer 7 in a child process, which ends itself at the step `last`."""
    if (child := os.fork()) == 0:
        try:
            erase_in(folder, clock, last)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_killed_at_any_step_an_erasure_is_whole_after_the_next_start_or_has_not_begun(
    tmp_path: Path, clock: Clock
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    ledger = sealed_ledger(first, clock)
    for body in (MINA, MINA, TOM):
        do(ledger.create, new_order(**body), ME)
    ledger.close()
    shutil.copytree(first, tmp_path / "whole")
    total = erase_in(tmp_path / "whole", clock, 0)
    outcomes = {"whole": 0, "not begun": 0}
    for number in range(100):
        folder = tmp_path / f"{number}"
        shutil.copytree(first, folder)
        killed(folder, clock, 1 + total * number // 100)
        ledger = sealed_ledger(folder, clock)
        assert ledger.keys is not None
        destroy_leftovers(ledger, ledger.keys, Erasures(folder / "erasures.txt"))
        erased = {ledger.order(ledger.uuid_of(order_id)).billing.address for order_id in (1, 2)}
        gone = [key for key in ledger.keys.store.of_subject("customer:7") if key.destroyed_at]
        noted = list(Erasures(folder / "erasures.txt").each())
        begun = bool(ledger.order(ledger.uuid_of(1)).erased)
        assert begun == bool(ledger.order(ledger.uuid_of(2)).erased)
        assert (erased, len(gone), len(noted)) == (({None}, 2, 1) if begun else ({"Neckarhalde 17"}, 0, 0))
        assert ledger.order(ledger.uuid_of(3)).billing.address == "1 Tailor Street"
        outcomes["whole" if begun else "not begun"] += 1
        ledger.close()
    assert all(outcomes.values()), outcomes
