"""Does the command line do what people's requests, the law and lost machines require?"""

import base64
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import GiveToCustomer
from projections.proof.verification import verify
from tests.conftest import ME, Clock, do, new_order
from tests.postgres import of_a_file
from tests.privacy.conftest import MINA, WORDS, Desk, back_up, found_in, keys_at, record_plain
from tests.tampering import tamper


def test_an_order_that_cannot_be_read_is_no_traceback_where_it_is_to_be_erased(desk: Desk) -> None:
    desk.bring({**MINA, "customer": None})
    tamper(desk.folder / "ledger.db", "UPDATE events SET actor = 'somebody else'")
    said = desk.run("erase", "--order", "1", status=1)
    assert said.startswith("error: the log cannot be read further: position 1")


def test_a_ledger_begins_with_its_keys_and_a_customer_is_erased_by_one_command(desk: Desk) -> None:
    desk.bring(MINA, {**MINA, "customer": None})
    assert "2 keys of the part contact" in desk.run("keys", "status")
    said = desk.run("erase", "--customer", "7", "--reference", "T-17")
    assert "contact and invoice of customer:7 erased, in 1 order; 2 keys destroyed" in said
    assert "nothing of customer:7 is left" in desk.run("erase", "--customer", "7")
    assert "2 destroyed" in desk.run("keys", "status")
    assert desk.order(1).billing.address is None
    assert desk.order(2).billing.address == "Neckarhalde 17"
    assert "erased, in 1 order" in desk.run("erase", "--order", "2")
    assert found_in(desk.folder, WORDS) == {}
    desk.run("erase", "--customer", "99", status=1)
    desk.run("erase", status=2)
    desk.run("erase", "--customer", "7", "--order", "2", status=2)


def test_a_master_key_is_changed_and_the_old_one_opens_nothing_any_more(desk: Desk) -> None:
    desk.bring(MINA)
    (old,) = keys_at(desk.folder).masters.names
    back_up(desk.folder / "keys.db", desk.folder / "older.db")
    desk.run("keys", "retire-master", old, status=2)
    assert "2 keys wrapped by the master key" in desk.run("keys", "rotate")
    assert old in keys_at(desk.folder).masters.names
    desk.run("keys", "retire-master", old)
    assert old not in keys_at(desk.folder).masters.names
    assert desk.order(1).billing.address == "Neckarhalde 17"
    back_up(desk.folder / "older.db", desk.folder / "keys.db")
    assert "is not among those that are given" in desk.run("keys", "status", status=1)


def test_data_that_was_kept_long_enough_is_due_and_erased_where_retention_is_applied(desk: Desk) -> None:
    old = {"created_at": "2020-05-01T09:00:00Z"}
    desk.bring({**MINA, **old}, {**MINA, **old, "customer": {"id": 8, "first_name": "Tom"}}, MINA)
    desk.run("privacy", "hold", "--customer", "8", "--reference", "LAW-1")
    said = desk.run("retention")
    assert "customer:7 2020 contact: due since 2022-05-01" in said
    assert "customer:8 2020 contact: stays, held by LAW-1" in said
    assert desk.order(1).notes is not None
    assert "held since" in desk.run("erase", "--customer", "8", status=1)
    assert "customer:7 2020 contact: erased, in 1 order" in desk.run("retention", "--apply")
    first, last = desk.order(1), desk.order(3)
    assert (first.notes, first.billing.address, first.erased) == (None, "Neckarhalde 17", ("contact",))
    assert last.notes == MINA["notes"]
    assert "0 due" in desk.run("retention")
    desk.service.environment["LEDGER_KEEP_INVOICE"] = "5y"
    assert "customer:7 2020 invoice: due since 2025-05-01" in desk.run("retention"), "for nothing but an erasure came"
    desk.run("privacy", "hold", "--customer", "8", "--release")
    assert "customer:8 2020 contact: due" in desk.run("retention")


@pytest.mark.parametrize("option", ["--basis", "--reference"])
@pytest.mark.parametrize("text", ["Mina Weissenberger", "", "Müller", "a\nb", "x" * 65])
def test_no_text_in_which_somebody_is_named_gets_into_the_log_with_an_erasure(
    desk: Desk, option: str, text: str
) -> None:
    desk.bring(MINA)
    before = desk.run("export", "events")
    said = desk.run("erase", "--customer", "7", option, text, status=2)
    assert "a short name without blanks" in " ".join(said.split())
    assert desk.run("export", "events") == before
    assert not (desk.folder / "erasures.txt").exists()


def test_parts_whose_times_are_over_together_are_erased_together(desk: Desk) -> None:
    old = {"created_at": "2010-05-01T09:00:00Z"}
    desk.bring({**MINA, **old}, {**MINA, **old}, {**MINA, **old, "customer": {"id": 8}})
    assert desk.run("retention", "--apply").endswith("4 erased, 0 stay\n")
    assert [desk.order(n).erased for n in (1, 2, 3)] == [("contact", "invoice")] * 3
    assert desk.run("retention") == "0 due, 0 stay\n"


def test_a_ledger_that_was_restored_from_before_an_erasure_is_not_served_until_that_was_repeated(desk: Desk) -> None:
    desk.bring(MINA, MINA)
    backup = desk.folder / "backup"
    backup.mkdir()
    for name in ("ledger.db", "keys.db"):
        back_up(desk.folder / name, backup / name)
    desk.run("erase", "--customer", "7")
    (line,) = (desk.folder / "erasures.txt").read_text().splitlines()
    for file in desk.folder.glob("views.db*"):
        file.unlink()
    for name in ("ledger.db", "keys.db"):
        back_up(backup / name, desk.folder / name)
    assert desk.order(1).billing.address == "Neckarhalde 17"
    assert "`run.py erase --again` repeats them" in desk.run("serve", "--port", str(desk.service.port), status=1)
    for export in (["orders"], ["events"], ["customer", "7", str(desk.folder / "mina.zip")]):
        assert "`run.py erase --again` repeats them" in desk.run("export", *export, status=1)
    assert "of customer:7 erased again, in 2 orders" in desk.run("erase", "--again")
    assert "0 erasures were missing" in desk.run("erase", "--again")
    assert desk.order(1).billing.address is None
    assert (desk.folder / "erasures.txt").read_text().splitlines() == [line]
    shutil.rmtree(backup)
    assert found_in(desk.folder, WORDS) == {}
    assert "everything holds" in desk.run("verify")


def test_a_guests_order_that_was_given_to_a_customer_after_the_backup_is_erased_again_with_the_customer(
    desk: Desk,
) -> None:
    guest, backup = {**MINA, "customer": {"first_name": "Mina"}}, desk.folder / "backup"
    desk.bring(guest, guest)
    backup.mkdir()
    for name in ("ledger.db", "keys.db"):
        back_up(desk.folder / name, backup / name)
    ledger = OrderLedger(SQLiteRecorder(desk.folder / "ledger.db"), keys=keys_at(desk.folder))
    do(ledger.change, ledger.uuid_of(1), GiveToCustomer(id=7), ME)
    ledger.close()
    desk.run("erase", "--customer", "7")
    for file in desk.folder.glob("views.db*"):
        file.unlink()
    for name in ("ledger.db", "keys.db"):
        back_up(backup / name, desk.folder / name)
    assert "of customer:7 erased again, in 1 order" in desk.run("erase", "--again")
    assert [desk.order(n).billing.address for n in (1, 2)] == [None, "Neckarhalde 17"]
    assert desk.order(1).erased == ("contact", "invoice")
    assert "everything holds" in desk.run("verify")


def test_an_erasure_that_is_finished_at_the_next_start_is_noted_for_the_customer_and_can_be_repeated(
    desk: Desk,
) -> None:
    desk.bring({**MINA, "customer": None})
    ledger = OrderLedger(SQLiteRecorder(desk.folder / "ledger.db"), keys=keys_at(desk.folder))
    do(ledger.change, ledger.uuid_of(1), GiveToCustomer(id=7), ME)  # whose only keys are those of the guest's order
    ledger.close()
    backup = desk.folder / "backup"
    backup.mkdir()
    for name in ("ledger.db", "keys.db"):
        back_up(desk.folder / name, backup / name)
    (desk.folder / "erasures.txt").symlink_to("elsewhere")  # so that the erasure is cut off before it is noted
    desk.run("erase", "--customer", "7", status=1)
    (desk.folder / "erasures.txt").unlink()
    desk.run("keys", "status")
    assert " customer:7 contact,invoice * " in (desk.folder / "erasures.txt").read_text()
    for file in desk.folder.glob("views.db*"):
        file.unlink()
    for name in ("ledger.db", "keys.db"):
        back_up(backup / name, desk.folder / name)
    assert "of customer:7 erased again, in 1 order" in desk.run("erase", "--again")
    assert desk.order(1).billing.address is None


def test_keys_that_come_back_out_of_a_backup_are_destroyed_at_the_next_start(desk: Desk) -> None:
    desk.bring(MINA)
    back_up(desk.folder / "keys.db", desk.folder / "older.db")
    desk.run("erase", "--customer", "7")
    back_up(desk.folder / "older.db", desk.folder / "keys.db")
    assert "2 destroyed" in desk.run("keys", "status")


def test_a_customer_gets_a_copy_of_all_that_is_kept_with_a_page_to_read(desk: Desk) -> None:
    paid = {"at": "2026-03-01T10:30:00Z", "type": "payment", "amount": "40.00", "reference": "pi_1", "provider": "p"}
    desk.bring({**MINA, "created_at": "2026-03-01T10:30:00Z", "notes": "<b>Mina</b>", "history": [paid]}, MINA)
    desk.run("export", "customer", "7", str(desk.folder / "mina.zip"))
    with zipfile.ZipFile(desk.folder / "mina.zip") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) == {"index.html", "orders.json", "events.json", "payments.json", "erasures.json", "kept.json"}
    assert "Neckarhalde 17" in parts["index.html"]
    assert "&lt;b&gt;Mina&lt;/b&gt;" in parts["index.html"]
    assert [payment["reference"] for payment in json.loads(parts["payments.json"])] == ["pi_1"]
    assert "mina@weissenberger.example" in parts["events.json"]
    assert (desk.folder / "accesses.txt").read_text().count("cli:export") == 2
    desk.run("export", "customer", "99", str(desk.folder / "nobody.zip"), status=1)


def test_the_page_has_all_data_kept_of_a_person_also_beyond_the_documents(desk: Desk) -> None:
    customer = {**MINA["customer"], "phone": "+49 7071 887-665"}
    later = {"at": "2026-03-01T10:30:00Z", "type": "details", "notes": "ring twice", "billing_address": "Lange Gasse 2"}
    parted = {"at": "2026-03-02T10:30:00Z", "type": "status", "status": "hold", "reason": "she is away"}
    desk.bring({**MINA, "customer": customer, "created_at": "2026-03-01T10:30:00Z", "history": [later, parted]})
    desk.run("export", "customer", "7", str(desk.folder / "mina.zip"))
    with zipfile.ZipFile(desk.folder / "mina.zip") as archive:
        page = archive.read("index.html").decode()
    former = [MINA["notes"], MINA["billing_address"], *customer.values()]
    for told in (*former, later["notes"], later["billing_address"], parted["reason"]):
        assert str(told) in page


def test_orders_exported_for_another_ledger_have_names_and_erased_ones_are_left_out(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk.bring(MINA, {**MINA, "customer": None})
    desk.run("erase", "--customer", "7")
    exported = desk.folder / "orders.jsonl"
    desk.run("export", "orders", "--output", str(exported), status=1)
    elsewhere = Desk(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.run("import", str(exported))
    assert elsewhere.order(2).billing == desk.order(2).billing
    assert elsewhere.order(2).notes == MINA["notes"]


@of_a_file
def test_a_plain_ledger_is_written_anew_sealed_position_for_position(tmp_path: Path, clock: Clock) -> None:
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    for body in (MINA, {**MINA, "customer": None}):
        do(plain.create, new_order(**body), ME)
    orders = [plain.order(plain.uuid_of(order_id)) for order_id in (1, 2)]
    plain.close()
    desk = Desk(tmp_path)
    desk.run("key", "create")
    refused = (
        desk.service.start().client(desk.service.key("privacy:write")).post("/api/v1/privacy/customers/7/erasures")
    )
    desk.service.kill()
    assert (refused.status_code, refused.json()["code"]) == (409, "personal-data-plain")
    assert "`run.py seal` makes" in (tmp_path / "server.log").read_text()
    said = desk.run("seal", str(tmp_path / "sealed" / "ledger.db"))
    assert "sealed-from order-ledger/orders 4 " in said
    assert "2 of them sealed" in said
    at = keys_at(tmp_path / "sealed")
    sealed = OrderLedger(SQLiteRecorder(tmp_path / "sealed" / "ledger.db"), keys=at)
    assert [sealed.order(sealed.uuid_of(order_id)) for order_id in (1, 2)] == orders
    log = SQLiteRecorder(tmp_path / "ledger.db")
    for old, new in zip(log.raw_records(), sealed.log_of_events.raw_records(), strict=True):
        assert (*old[:3], *old[5:9]) == (*new[:3], *new[5:9])
    log.close()
    sealed.close()
    found = verify(sealed.location, None, checkpoints=[], key=None, progress=lambda *_: None)
    assert found.problems == []
    assert found_in(tmp_path / "sealed", WORDS) == {}
    desk.run("seal", str(tmp_path / "sealed" / "ledger.db"), status=2)


def test_a_plain_ledger_gets_keys_and_only_data_recorded_since_can_be_erased(tmp_path: Path, clock: Clock) -> None:
    record_plain(tmp_path, clock, MINA)
    desk = Desk(tmp_path)
    desk.run("keys", "status", status=1)
    desk.run("keys", "create")
    desk.run("keys", "create", status=2)
    assert "is not sealed; `run.py seal`" in desk.run("keys", "status")
    desk.bring({**MINA, "customer": {"id": 9, "first_name": "Mina"}})
    assert "recorded before it was sealed" in desk.run("erase", "--customer", "7", status=1)
    assert "erased, in 1 order" in desk.run("erase", "--customer", "9")


def test_data_that_was_recorded_unsealed_is_never_said_to_be_erased(tmp_path: Path, clock: Clock) -> None:
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    do(plain.create, new_order(**MINA), ME)
    head = plain.head()
    do(plain.create, new_order(**{**MINA, "customer": {"id": 9, "first_name": "Mina"}}), ME)
    plain.close()
    desk = Desk(tmp_path)
    desk.run("keys", "create")
    tamper(tmp_path / "ledger.db", "UPDATE keyrings SET since = ?", head)  # the state that a process without keys left
    assert "recorded before it was sealed" in desk.run("erase", "--customer", "9", status=1)
    assert f"position {head + 1}, order " in (said := desk.run("verify", status=1))
    assert "what is personal in it stands as it is, though it is to be sealed" in said


def test_a_file_of_keys_without_its_keyring_is_damaged_and_says_so(desk: Desk) -> None:
    desk.bring(MINA)
    tamper(desk.folder / "keys.db", "DELETE FROM keyring")
    said = desk.run("verify", status=2)
    assert "keys.db is damaged: it has the ids of 0 keyrings, and not of one" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("altered", "said"),
    [
        ("wrapped = NULL", "is not the one that was kept: its row was altered"),
        ("destroyed_at = '2026-01-01T00:00:00.000000Z'", "is not the one that was kept: its row was altered"),
        (
            "wrapped = NULL, destroyed_at = '2026-01-01T00:00:00.000000Z', retired_at = '2026-01-01T00:00:00.000000Z'",
            "(contact of customer:7) is destroyed, and no event says so",
        ),
    ],
)
def test_a_key_that_is_gone_by_no_erasure_is_named_and_never_passes_for_one_that_was_erased(
    desk: Desk, altered: str, said: str
) -> None:
    desk.bring(MINA)
    tamper(desk.folder / "keys.db", f"UPDATE data_keys SET {altered} WHERE part = 'contact'")
    assert said in desk.run("verify", status=1)
    if "no event" not in said:
        assert said in desk.run("keys", "status", status=1)
        assert said in desk.run("erase", "--customer", "7", status=1), (
            "nothing is said to be destroyed that can be opened"
        )


def test_an_export_without_the_master_key_of_its_data_is_refused_without_a_traceback(desk: Desk) -> None:
    desk.bring(MINA)
    (desk.folder / "master.key").write_text("8e1ce3d1 " + base64.b64encode(bytes(32)).decode() + "\n")
    said = desk.run("export", "orders", status=1)
    assert "is not among those that are given: 8e1ce3d1" in said
    assert "Traceback" not in said
