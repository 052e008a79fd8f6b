"""Do people's mistakes with holds, periods, keys and files of erasures lose no data, and leave none behind?"""

import base64
import json
import os
import shutil
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3
from domain.order.commands import GiveToCustomer
from domain.order.personal import CONTACT, INVOICE
from domain.privacy import retaining
from domain.privacy.erasing import Erasing
from domain.privacy.erasures import Erasures
from domain.privacy.keyring import Hold
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation, create_keys
from domain.privacy.periods import Period, RetentionPeriods
from domain.refusals import OrderInWork, PersonalDataHeld
from projections.customers.orders_of import orders_of
from projections.privacy import all_orders
from projections.views.views import Views
from projections.webhooks.store import store_of
from tests.conftest import ME, Clock, do, new_order
from tests.postgres import of_a_file
from tests.privacy.conftest import KEEP, MINA, PRIVACY, TOM, Desk, Shop, back_up, keys_at, record_plain, sealed_ledger

GUEST = {**MINA, "customer": {"email": "gundula@guest.example", "first_name": "Gundula"}}


# --- holds ---


def test_an_order_that_is_held_keeps_its_customers_data_also_where_it_was_a_guests_when_it_was_held(shop: Shop) -> None:
    theirs, guests = shop.place(**TOM), shop.place(**GUEST)
    for order in (theirs, guests):
        done = shop.service.run("privacy", "hold", "--order", str(order["id"]), "--reference", f"LAW-{order['id']}")
        assert done.returncode == 0
    assert shop.erase("customers/8", 409)["code"] == "personal-data-held"
    assert shop.service.run("privacy", "hold", "--order", str(theirs["id"]), "--release").returncode == 0
    shop.staff.post(f"/api/v1/orders/{guests['id']}/customer", json={"id": 8}).raise_for_status()
    refused = shop.erase("customers/8", 409)
    assert (refused["code"], "by LAW-2" in refused["detail"]) == ("personal-data-held", True)
    kept = shop.officer.get(f"{PRIVACY}/customers/8").json()["kept"]
    assert {(row["order"], row["held"]) for row in kept} == {(theirs["id"], False), (guests["id"], True)}
    shop.service.run("privacy", "hold", "--order", str(guests["id"]), "--release")
    shop.erase("customers/8")
    shown = shop.officer.get(f"{PRIVACY}/customers/8/erasures").json()["erasures"]
    assert [erasure["subject"] for erasure in shown] == ["customer:8", "customer:8"]


def test_retention_leaves_data_that_is_held_by_an_order_of_the_customer(desk: Desk) -> None:
    desk.bring({**MINA, "created_at": "2010-05-01T09:00:00Z"})
    desk.run("privacy", "hold", "--order", "1", "--reference", "LAW-1")
    assert "0 erased, 2 stay" in desk.run("retention", "--apply")
    assert desk.order(1).notes == MINA["notes"]


def test_retention_leaves_data_that_is_held_by_an_order_of_another_year_of_the_customer(desk: Desk) -> None:
    desk.bring({**MINA, "created_at": "2010-05-01T09:00:00Z"}, MINA)
    desk.run("privacy", "hold", "--order", "2", "--reference", "LAW-1")
    said = desk.run("retention", "--apply")
    assert "customer:7 2010 contact: stays, held by LAW-1" in said
    assert "0 erased, 2 stay" in said
    assert desk.order(1).notes == MINA["notes"]
    desk.run("privacy", "hold", "--order", "2", "--release")
    assert "2 erased, 0 stay" in desk.run("retention", "--apply")


# --- periods ---


@pytest.mark.parametrize(
    ("period", "last", "until"),
    [
        ("9999y", "2024-02-29T12:00:00", "9999-02-28T12:00:00"),
        ("9999y", "2023-12-31T23:59:59", "9999-12-31T23:59:59"),
        ("1y", "2024-02-29T00:00:00", "2025-02-28T00:00:00"),
        ("4y", "2024-02-29T00:00:00", "2028-02-29T00:00:00"),
        ("1m", "2024-01-31T00:00:00", "2024-02-29T00:00:00"),
        ("9999d", "2024-02-29T00:00:00", "2051-07-16T00:00:00"),
    ],
)
def test_a_period_ends_with_the_calendar_at_the_latest_and_never_on_a_day_that_is_not(
    period: str, last: str, until: str
) -> None:
    ended = Period.parse(period).after(datetime.fromisoformat(last).replace(tzinfo=UTC))
    assert ended == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_data_of_a_guest_is_due_with_that_of_the_customer_who_got_the_order(desk: Desk) -> None:
    clock = Clock()
    clock.now = datetime(2010, 2, 28, 23, 59, 59, tzinfo=UTC)
    ledger = sealed_ledger(desk.folder, clock)
    order = do(ledger.create, new_order(**GUEST), ME).order
    do(ledger.change, order.uuid, GiveToCustomer(id=9), ME)
    ledger.close()
    assert "2 erased, 0 stay" in desk.run("retention", "--apply")
    assert (desk.order(1).billing.address, desk.order(1).erased) == (None, (CONTACT, INVOICE))
    assert "destroyed" in (said := desk.run("keys", "status"))
    assert "keys of the part" not in said


def test_an_order_that_came_while_retention_was_under_way_keeps_its_customers_keys(
    tmp_path: Path, clock: Clock
) -> None:
    ledger = sealed_ledger(tmp_path, clock)
    assert ledger.keys is not None
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    keep = RetentionPeriods(Period.parse("30d"), Period.parse("10y"), Period.parse("10y"))
    erasing = Erasing(ledger, ledger.keys, orders_of(views), keep, Erasures(tmp_path / "erasures.txt"))
    do(ledger.create, new_order(**MINA), ME)
    clock.tick(days=40)
    views.catch_up()
    (due,), _ = retaining.due(all_orders(ledger, views), ledger.keys, keep, clock())
    new = do(ledger.create, new_order(**MINA), ME).order
    with pytest.raises(OrderInWork, match="meanwhile"):
        erasing.erase_due(due, Provenance("cli:retention"))
    assert ledger.order(new.uuid).notes == MINA["notes"]
    ledger.close()


def test_a_hold_that_came_while_retention_was_under_way_keeps_data_of_the_customers_other_years(
    tmp_path: Path, clock: Clock
) -> None:
    clock.now = datetime(2010, 1, 1, tzinfo=UTC)
    ledger = sealed_ledger(tmp_path, clock)
    assert ledger.keys is not None
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    erasing = Erasing(ledger, ledger.keys, orders_of(views), KEEP, Erasures(tmp_path / "erasures.txt"))
    first = do(ledger.create, new_order(**MINA), ME).order
    clock.now = datetime(2026, 1, 1, tzinfo=UTC)
    held = do(ledger.create, new_order(**MINA), ME).order
    views.catch_up()
    (due, _), _ = retaining.due(all_orders(ledger, views), ledger.keys, KEEP, clock())
    ledger.keys.store.put_hold(Hold(f"order:{held.uuid}", "LAW-1", "2026-01-01T00:00:00Z"))
    with pytest.raises(PersonalDataHeld):
        erasing.erase_due(due, Provenance("cli:retention"))
    assert ledger.order(first.uuid).notes == MINA["notes"]
    views.close()
    ledger.close()


def test_retention_goes_on_where_something_cannot_be_erased_and_says_so(tmp_path: Path, clock: Clock) -> None:
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    clock.now = datetime(2010, 1, 1, tzinfo=UTC)
    do(plain.create, new_order(**MINA), ME)
    create_keys(plain.log_of_events, keys_at(tmp_path), clock())
    plain.close()
    ledger = sealed_ledger(tmp_path, clock)
    for body in (MINA, TOM):
        do(ledger.create, new_order(**body), ME)
    ledger.close()
    desk = Desk(tmp_path)
    said = desk.run("retention", "--apply", status=1)
    assert "customer:7 2010 contact: stays, What is personal at position 1 was recorded before it was sealed" in said
    assert "customer:8 2010 contact: erased, in 1 order" in said
    assert "2 erased, 2 stay" in said


# --- erasures that could not be noted ---


def test_an_erasure_that_could_not_be_noted_is_finished_when_it_is_asked_for_again(shop: Shop) -> None:
    order = shop.place(**MINA)
    (shop.folder / "erasures.txt").symlink_to("elsewhere")  # the service follows no link, so it cannot write the file
    assert shop.officer.post(f"{PRIVACY}/customers/7/erasures").status_code == 500
    assert shop.officer.post(f"{PRIVACY}/customers/7/erasures").status_code == 500
    (shop.folder / "erasures.txt").unlink()
    again = shop.erase("customers/7", 200)
    (shown,) = shop.officer.get(f"{PRIVACY}/customers/7/erasures").json()["erasures"]
    assert (again["id"], again["recorded"]) == (shown["id"], False)
    params = {"personal": "contact,invoice"}
    told = shop.confidant.get(f"/api/v1/audit/orders/{order['id']}/events", params=params).text
    assert MINA["billing_address"] not in told
    assert [noted.id for noted in Erasures(shop.folder / "erasures.txt").each()] == [shown["id"]]


def test_an_erasure_of_orders_behind_an_unfinished_erasure_finishes_that_too(shop: Shop) -> None:
    first = shop.place(**MINA)
    (shop.folder / "erasures.txt").symlink_to("elsewhere")
    assert shop.officer.post(f"{PRIVACY}/customers/7/erasures").status_code == 500
    second = shop.place(**MINA)
    (shop.folder / "erasures.txt").unlink()
    made = shop.erase("customers/7")
    assert (made["orders"], made["keys_destroyed"]) == ([second["uuid"]], 2)
    noted = [noted.id for noted in Erasures(shop.folder / "erasures.txt").each()]
    assert (len(noted), made["id"] in noted) == (2, True)
    for order in (first, second):
        params = {"personal": "contact,invoice"}
        told = shop.confidant.get(f"/api/v1/audit/orders/{order['id']}/events", params=params).text
        assert MINA["billing_address"] not in told
    assert "4 destroyed" in shop.service.run("keys", "status").stdout.decode()


def test_the_command_line_names_the_file_in_which_an_erasure_cannot_be_noted(desk: Desk) -> None:
    desk.bring(MINA)
    (desk.folder / "erasures.txt").symlink_to("elsewhere")
    assert "is finished when it is asked for again" in (said := desk.run("erase", "--customer", "7", status=1))
    assert "erasures.txt" in said
    assert "erasures.txt" in desk.run("keys", "status", status=2)
    (desk.folder / "erasures.txt").unlink()
    assert "2 destroyed" in desk.run("keys", "status")


# --- files of erasures ---


def test_the_erasures_of_another_ledger_erase_nobody_here(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    desks = []
    for folder in (here, elsewhere):
        folder.mkdir()
        desks.append(Desk(folder))
        desks[-1].bring(MINA)
    desks[1].run("erase", "--customer", "7")
    shutil.copy(elsewhere / "erasures.txt", here)
    said = desks[0].run("erase", "--again")
    assert "of customer:7 nothing is in this ledger" in said
    assert desks[0].order(1).notes == MINA["notes"]
    desks[0].run("export", "orders")


@pytest.mark.parametrize(
    "fields",
    [
        "customer:x contact * request - k",
        "customer: contact * request - k",
        "order:7 contact * request - k",
        "person:7 contact * request - k",
        "customer:7 everything * request - k",
        "customer:7 contact then request - k",
    ],
)
def test_a_line_that_is_no_erasure_is_named_and_no_traceback(desk: Desk, fields: str) -> None:
    desk.bring(MINA)
    (desk.folder / "erasures.txt").write_text(f"2026-01-01T00:00:00Z an-id {fields}\n")
    assert "erasures.txt, line 1: this is no erasure" in desk.run("erase", "--again", status=2)


# --- master keys ---


def test_a_master_key_is_added_behind_one_that_was_written_without_an_end_of_line(desk: Desk) -> None:
    desk.bring(MINA)
    file = desk.folder / "master.key"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    assert "2 keys wrapped" in desk.run("keys", "rotate")
    assert desk.order(1).notes == MINA["notes"]


def test_killed_at_any_step_a_master_key_that_is_taken_away_takes_no_other_with_it(tmp_path: Path) -> None:
    count = 0

    def remove(folder: Path, last: int) -> None:
        masters = MastersLocation(folder / "master.key")

        def step(_frame: FrameType, _event: str, _: Any) -> None:
            nonlocal count
            count += 1
            if count == last:
                os._exit(9)

        sys.setprofile(step)
        masters.remove(masters.names[0])
        sys.setprofile(None)

    first = tmp_path / "first"
    for _ in range(2):
        MastersLocation(first / "master.key").add()
    old, new = MastersLocation(first / "master.key").names
    shutil.copytree(first, tmp_path / "whole")
    remove(tmp_path / "whole", 0)
    total, found = count, set()
    for number in range(1, total + 1):
        folder = tmp_path / f"{number}"
        shutil.copytree(first, folder)
        if (child := os.fork()) == 0:
            count = 0
            remove(folder, number)
            os._exit(0)
        os.waitpid(child, 0)
        found.add(tuple(MastersLocation(folder / "master.key").names))
    assert found == {(old, new), (new,)}


@pytest.mark.parametrize("name", ["another", "the-same"])
def test_no_order_is_taken_into_a_ledger_with_another_master_key(desk: Desk, name: str) -> None:
    desk.bring(MINA)
    file = desk.folder / "master.key"
    before, (named,) = file.read_bytes(), keys_at(desk.folder).masters.names
    key = base64.b64encode(bytes(32)).decode()
    file.write_text(f"{named if name == 'the-same' else name} {key}\n")
    for command in (["serve"], ["import", "-"]):
        said = desk.run(*command, status=2, stdin=json.dumps(TOM).encode())
        assert "LEDGER_MASTER and LEDGER_MASTER_KEY say where the keys are" in said
    file.write_bytes(before)
    desk.bring(TOM)
    assert desk.order(2).notes == TOM["notes"]


def test_no_order_is_taken_into_a_ledger_whose_keys_came_out_of_an_older_backup(desk: Desk) -> None:
    desk.bring(MINA)
    back_up(desk.folder / "keys.db", desk.folder / "older.db")
    desk.bring(TOM)
    back_up(desk.folder / "keys.db", desk.folder / "newer.db")
    back_up(desk.folder / "older.db", desk.folder / "keys.db")
    for command in (["serve"], ["import", "-"]):
        said = desk.run(*command, status=2, stdin=json.dumps(TOM).encode())
        assert "position 3: the key " in said
        assert "is not known to the keyring" in said
    back_up(desk.folder / "newer.db", desk.folder / "keys.db")
    desk.bring(TOM)
    assert desk.order(3).notes == TOM["notes"]


@of_a_file
def test_a_request_that_needs_a_missing_key_gets_503_and_nothing_passes_for_erased(shop: Shop) -> None:
    back_up(shop.folder / "keys.db", shop.folder / "older.db")
    order = shop.place(**MINA)
    shop.service.kill()
    shop.service.start()
    with (
        closing(sqlite3.connect(shop.folder / "older.db")) as older,
        closing(sqlite3.connect(shop.folder / "keys.db")) as keys,
    ):
        older.backup(keys)  # while the service runs
    for answer in (
        shop.staff.patch(f"/api/v1/orders/{order['id']}", json={"notes": "anew"}),
        shop.officer.get(f"{PRIVACY}/customers/7/export"),
        shop.officer.post(f"{PRIVACY}/customers/7/erasures"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "keys-missing")


# --- logs from before that have keys already ---


def test_a_plain_or_sealed_command_sent_again_to_a_ledger_written_anew_is_known(tmp_path: Path, clock: Clock) -> None:
    who = Provenance("cli:test", idempotency_key="plain")
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    do(plain.create, new_order(**MINA), who)
    create_keys(plain.log_of_events, keys_at(tmp_path), clock())
    plain.close()
    ledger = sealed_ledger(tmp_path, clock)
    keyed = Provenance("cli:test", idempotency_key="keyed")
    do(ledger.create, new_order(**TOM), keyed)
    ledger.close()
    Desk(tmp_path).run("seal", str(tmp_path / "sealed" / "ledger.db"))
    at = KeysLocation(tmp_path / "keys.db", MastersLocation(tmp_path / "master.key"))
    sealed = OrderLedger(SQLiteRecorder(tmp_path / "sealed" / "ledger.db"), clock=clock, keys=at)
    for body, by in ((MINA, who), (TOM, keyed)):
        assert do(sealed.create, new_order(**body), by).replayed
    sealed.close()


@of_a_file
def test_a_ledger_written_anew_has_its_webhooks_and_advises_to_bring_the_signing_key(
    tmp_path: Path, clock: Clock
) -> None:
    record_plain(tmp_path, clock, MINA)
    old = Desk(tmp_path)
    old.run("key", "create")
    old.service.start()
    hooks = old.service.client(old.service.key("webhooks:read", "webhooks:write"))
    made = hooks.post("/api/v1/webhooks", json={"url": "https://shop.example/told"}).json()
    old.service.kill()
    new = Desk(tmp_path / "sealed")
    said = " ".join(old.run("seal", str(new.folder / "ledger.db")).split())
    assert f"bring it to {new.folder}/ledger.key, and make no other" in said
    advised = " ".join(new.run("doctor", status=1).split())
    assert f"bring the file of the key that has signed it to {new.folder}" in advised
    assert "`run.py key create` only where it is lost" in advised
    shutil.copy(tmp_path / "ledger.key", new.folder)
    log = SQLiteRecorder(new.folder / "ledger.db")
    assert [hook.id for hook in store_of(log, new.folder / "webhooks.db").all()] == [made["id"]]
    log.close()
    new.run("checkpoint")
    assert "2 checkpoints held against them" in (found := new.run("verify"))
    assert "everything holds" in found
