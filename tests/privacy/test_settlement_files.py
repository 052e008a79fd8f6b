"""Are settlement files, their reports and people's reasons sealed, and still reliable for finance and auditors?"""

import json
import re
import time
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain import reconciled
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.order.commands import ReceivePayment
from domain.privacy.files import KeptFiles
from domain.privacy.keyring import DataOwner
from domain.reconciliation.state import Reconciliation
from domain.reconciling import Reconciling, WriteConditions
from domain.refusals import FileErased
from domain.strict_json import convert
from projections.journal import Journal
from projections.views.views import Views
from tests.conftest import ME, Client, Clock, do, new_order
from tests.postgres import of_a_file
from tests.privacy.conftest import MINA, WORDS, Desk, back_up, found_in, keys_at, record_plain, sealed_ledger
from tests.privacy.test_erasing import checked
from tests.tampering import tamper
from tests.waiting import until

FINANCE = "/api/v1/finance/reconciliations"
HEADER = "reference,kind,gross,fee,net,currency,occurred_at,order,payout\n"
FILE = (
    HEADER
    + "pi_1,payment,40.00,0,40.00,USD,2026-03-01T12:00:00Z,Wilhelmine Weissenberger,\n"
    + "x,payment,1.00,0,1.00,USD,2026-03-01T12:00:00Z,Mina at Schlossgarten,\n"
)


class Office:
    """A service on a sealed ledger, and a client with the key of finance's clerk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.bring(MINA)
        desk.run("key", "create")
        desk.service.start()
        self.clerk = self.client("finance:read", "finance:write")
        self.auditor = self.client("audit:read")
        self.confidant = self.client("audit:read", "audit:personal")

    def client(self, *scopes: str) -> Client:
        return self.desk.service.client(self.desk.service.key(*scopes))

    def start(self, content: str = FILE, status: int = 201, **parameters: str) -> dict[str, Any]:
        headers, given = {"Content-Type": "text/csv"}, {"provider": "stripe", "file": "march.csv", **parameters}
        answer = self.clerk.post(FINANCE, data=content.encode(), headers=headers, params=given)
        assert answer.status_code == status, answer.text
        return answer.json()

    def decide(self, one: dict[str, Any], decision: str, **body: Any) -> Any:
        answer = self.clerk.post(f"{FINANCE}/{one['id']}/{decision}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def explain(self, one: dict[str, Any], reason: str) -> Any:
        results = [result["id"] for result in one["results"] if result["is_open"]]
        return self.decide(one, "explain", results=results, reason=reason)

    def get(self, one: dict[str, Any], what: str = "") -> Any:
        return self.clerk.get(f"{FINANCE}/{one['id']}{what}")

    def events(self, client: Client, **parameters: str) -> list[dict[str, Any]]:
        found = client.get("/api/v1/audit/events", params=parameters).json()["events"]
        return [event for event in found if "reconciliation" in event]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(Desk(tmp_path))
    yield made
    made.desk.service.kill()


def test_a_settlement_file_its_report_and_the_reasons_are_sealed_and_finance_gets_each_back(office: Office) -> None:
    one = office.start()
    office.explain(one, "Weissenberger paid twice")
    assert office.get(one, "/file").content == FILE.encode()
    assert "Wilhelmine Weissenberger" in office.get(one, "/report").text
    assert office.desk.run("reconcile", "kept", one["id"], "file").startswith(FILE)
    shown = [result["decision"] for result in office.get(one).json()["results"] if result["decision"]]
    assert {decision["reason"] for decision in shown} == {"Weissenberger paid twice"}
    views = {path.name for path in office.desk.folder.iterdir() if path.name.startswith("views")}
    assert found_in(office.desk.folder, WORDS).keys() <= views
    assert "1 key of the part file" in office.desk.run("keys", "status")
    assert "everything holds" in office.desk.run("verify")


def test_a_large_file_that_a_process_of_its_own_takes_in_is_sealed_too(office: Office) -> None:
    rows = (f"p{i},payment,1.00,0,1.00,USD,2026-03-01T12:00:00Z,Schlossgarten {i},\n" for i in range(20_000))
    content = HEADER + "".join(rows)
    given = {"params": {"provider": "stripe"}, "headers": {"Content-Type": "text/csv"}}
    begun = office.clerk.post(FINANCE, data=content.encode(), **given)
    assert begun.status_code == 202
    until(lambda: office.clerk.get(begun.headers["Location"]).status_code != 202, 60)
    answer = office.clerk.get(begun.headers["Location"])
    assert (answer.status_code, answer.json()["lines"]) == (200, 20_000)
    assert office.clerk.get(f"{begun.headers['Location']}/file").content == content.encode()
    assert found_in(office.desk.folder, [b"Schlossgarten 7"]) == {}
    assert "everything holds" in office.desk.run("verify")


def test_reasons_are_masked_for_auditors_unless_they_may_read_them_and_ask(office: Office) -> None:
    one = office.start()
    office.explain(one, "Mina paid twice")
    office.decide(one, "withdraw", reason="Mina's month")
    masked = office.events(office.auditor)
    told = [event["summary"] for event in masked]
    assert told[-1] == "reconciliation withdrawn"
    assert "Mina" not in str(masked)
    *_, explained, withdrawn = office.events(office.confidant, personal="contact")
    assert (explained["personal"], withdrawn["personal"]) == (
        {"contact": {"reason": "Mina paid twice"}},
        {"contact": {"reason": "Mina's month"}},
    )
    assert withdrawn["summary"] == "reconciliation withdrawn: Mina's month"
    assert one["id"] in (office.desk.folder / "accesses.txt").read_text()


def test_a_reason_about_a_customers_payment_goes_with_the_customer_and_stands_in_no_file_afterwards(
    office: Office,
) -> None:
    clerk = office.client("orders:write", "finance:write")
    clerk.post("/api/v1/orders/1/payments", json={"amount": "40", "reference": "pi_1", "provider": "stripe"})
    one = office.start()
    (matched,) = [result["id"] for result in one["results"] if result["entries"]]
    office.decide(one, "break", results=[matched], reason="Weissenberger says it is another's")
    office.decide(one, "withdraw", reason="the wrong month")
    assert "Weissenberger says" in office.get(one).text
    erased = office.client("privacy:write").post("/api/v1/privacy/customers/7/erasures", json={"force": True})
    assert erased.status_code == 201
    time.sleep(0.25)  # another worker may keep the key so long
    decision = next(result for result in office.get(one).json()["results"] if result["id"] == matched)["decision"]
    assert (decision["kind"], decision["reason"]) == ("broken", None)
    listed = office.clerk.get(FINANCE).json()["reconciliations"]
    assert [each["withdrawn"] for each in listed] == ["the wrong month"]
    assert office.get(one, "/file").content == FILE.encode()
    deadline = time.monotonic() + 3
    while (found := found_in(office.desk.folder, WORDS)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == {}
    assert "everything holds" in office.desk.run("verify")


def test_a_copy_for_a_customer_has_the_reasons_of_that_customers_payments_alone(office: Office) -> None:
    clerk = office.client("orders:write", "finance:write")
    clerk.post("/api/v1/orders/1/payments", json={"amount": "40", "reference": "pi_1", "provider": "stripe"})
    order = {"customer": {"id": 8, "first_name": "Tom"}, "items": [{"unit_price": "1"}]}
    clerk.post("/api/v1/orders", json=order)
    clerk.post("/api/v1/orders/2/payments", json={"amount": "1", "reference": "x", "provider": "stripe"})
    one = office.start()
    mine, toms = [result["id"] for result in one["results"] if result["entries"]]
    office.decide(one, "break", results=[mine], reason="Mina says it is another's")
    office.decide(one, "break", results=[toms], reason="Tom denies it")
    office.decide(one, "withdraw", reason="the wrong month")
    officer = office.client("privacy:read", "privacy:write")

    def copy() -> tuple[list[Any], str]:
        content = officer.get("/api/v1/privacy/customers/7/export").content
        with zipfile.ZipFile(BytesIO(content)) as archive:
            events, page = json.loads(archive.read("events.json")), archive.read("index.html").decode()
        return [event for event in events if event["order"] is None], page

    (said,), page = copy()
    assert (said["reconciliation"], said["personal"]) == (
        one["id"],
        {"contact": {"reason": "Mina says it is another's"}},
    )
    assert "Mina says it is another&#x27;s" in page
    assert "Tom" not in page
    assert officer.post("/api/v1/privacy/customers/7/erasures", json={"force": True}).status_code == 201
    time.sleep(0.25)  # another worker may keep the key so long
    (said,), page = copy()
    assert said["personal"] == {"contact": None}
    assert "Mina" not in page


def test_a_file_whose_time_is_over_goes_with_its_reports_and_every_proof_holds(office: Office, tmp_path: Path) -> None:
    one = office.start()
    last = office.explain(one, "Mina paid twice")
    before = office.get(one, "/evidence").content
    said = checked(before, tmp_path)
    assert "shown and true: contact of version" in said
    made = office.desk.run("erase", "--reconciliation", one["id"], "--reference", "T-9")
    assert f"file and contact of reconciliation:{one['id']} erased; 2 keys destroyed" in made
    assert "nothing of" in office.desk.run("erase", "--reconciliation", one["id"])
    for what in ("/file", "/report"):
        answer = office.get(one, what)
        assert (answer.status_code, answer.json()["code"]) == (410, "file-erased")
    assert "erased" in office.desk.run("reconcile", "kept", one["id"], "file", status=2)
    assert office.get(one, "/rules").status_code == 200
    shown = office.get(one).json()
    assert shown["erased"] == ["file", "contact"]
    assert (shown["lines"], shown["entries"], shown["tie_out"], shown["results"]) == (None, None, None, [])
    assert (shown["outcomes"], shown["open"], shown["status"]) == (last["outcomes"], 0, "open")
    assert office.clerk.post(f"{FINANCE}/{one['id']}/run", json={}).status_code == 410
    assert office.decide(one, "close")["status"] == "closed"
    assert office.start(status=200)["id"] == one["id"]
    pack = office.get(one, "/evidence").content
    assert "rules.toml is what the events name; the file and what it came to were erased" in checked(pack, tmp_path)
    assert "erased: contact of version" in checked(pack, tmp_path)
    assert "All of it holds" in checked(before, tmp_path)
    assert "files that were erased: march.csv of stripe" in office.desk.run("export", "beancount", status=1)
    listed = office.client("privacy:read").get("/api/v1/privacy/erasures").json()["erasures"]
    assert [(each["subject"], each["order"], each["keys_destroyed"]) for each in listed] == [
        (f"reconciliation:{one['id']}", None, 2)
    ]
    assert "file and contact data erased (request, reference T-9)" in str(office.events(office.auditor))
    assert found_in(office.desk.folder, [b"paid twice", b"Mina at Schlossgarten"]) == {}
    assert "everything holds" in office.desk.run("verify")
    office.desk.run("rebuild")
    assert "everything holds" in office.desk.run("verify")


def test_a_file_taken_in_anew_by_other_rules_after_it_was_erased_is_kept_again(office: Office, tmp_path: Path) -> None:
    first = office.start()
    office.explain(first, "so")
    office.desk.run("erase", "--reconciliation", first["id"])
    second = office.start(rules='version = "2"\nsettlement_delay_days = 9\n')
    assert second["id"] != first["id"]
    assert office.get(second, "/file").content == FILE.encode()
    assert "everything holds" in office.desk.run("verify")


@of_a_file
def test_files_are_kept_for_a_time_of_their_own_and_while_they_are_held_or_open(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = clock.now.replace(year=2020)
    ledger = sealed_ledger(tmp_path, clock)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    reconciling = Reconciling(ledger, Journal(views))
    one = reconciling.start(BytesIO(FILE.encode()), "march.csv", "stripe", None, ME).reconciliation
    ledger.close()
    desk, named = Desk(tmp_path), ("--reconciliation", str(one.uuid))
    assert "0 due, 0 stay" in desk.run("retention")
    desk.service.environment["LEDGER_KEEP_SETTLEMENT_FILES"] = "5y"
    assert f"reconciliation:{one.uuid} 2020 file: stays, 2 of its results are open" in desk.run("retention", "--apply")
    assert "2 results are open" in desk.run("erase", *named, status=1)
    reconciling.withdraw(one.uuid, "Mina's", WriteConditions(ME))
    ledger.close()
    told = f"reconciliation:{one.uuid} file and contact (march.csv of stripe)"
    assert f"{told}: due since 2025-03-01" in desk.run("retention")
    desk.run("privacy", "hold", *named, "--reference", "LAW-2")
    assert "file: stays, held by LAW-2" in desk.run("retention", "--apply")
    assert "held since" in desk.run("erase", *named, "--force", status=1)
    desk.run("privacy", "hold", *named, "--release")
    assert f"{told}: erased" in desk.run("retention", "--apply")
    assert "0 due, 0 stay" in desk.run("retention")
    assert "erased" in desk.run("reconcile", "kept", str(one.uuid), "file", status=2)
    assert "everything holds" in desk.run("verify")


def reconciled_by(desk: Desk, content: str) -> str:
    """The UUID of a reconciliation that the command line begins. The file is removed behind it."""
    (file := desk.folder / "march.csv").write_text(content)
    said = desk.run("reconcile", str(file), "--provider", "stripe", status=1)
    file.unlink()
    return re.findall(r"reconciliation ([0-9a-f-]{36})", said)[0]


@of_a_file
def test_a_ledger_restored_from_before_a_file_was_erased_has_it_erased_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.bring(MINA)
    uuid = reconciled_by(desk, HEADER + "x,payment,1.00,0,1.00,USD,2026-03-01T12:00:00Z,Mina at Schlossgarten,\n")
    older = tmp_path / "older"
    older.mkdir()
    for name in ("ledger.db", "keys.db"):
        back_up(tmp_path / name, older / name)
    desk.run("erase", "--reconciliation", uuid, "--part", "file", "--force")
    back_up(older / "keys.db", tmp_path / "keys.db")
    assert "1 destroyed" in desk.run("keys", "status")
    for name in ("ledger.db", "keys.db"):
        back_up(older / name, tmp_path / name)
    for view in tmp_path.glob("views*"):
        view.unlink()
    assert f"of reconciliation:{uuid} erased again" in desk.run("erase", "--again")
    assert "erased" in desk.run("reconcile", "kept", uuid, "file", status=2)
    assert "everything holds" in desk.run("verify")


@of_a_file
def test_a_plain_ledger_that_is_written_anew_has_its_files_and_reasons_sealed(tmp_path: Path) -> None:
    record_plain(tmp_path, Clock(), MINA)
    desk = Desk(tmp_path)
    desk.run("key", "create")
    uuid = reconciled_by(desk, FILE)
    desk.run("reconcile", "decide", uuid, "withdraw", "--reason", "Weissenberger called")
    assert "not sealed" in desk.run("erase", "--reconciliation", uuid, status=2)
    said = desk.run("seal", str(tmp_path / "sealed" / "ledger.db"))
    assert "4 of them sealed" in said
    sealed = Desk(tmp_path / "sealed")
    assert found_in(sealed.folder, WORDS) == {}
    assert sealed.run("reconcile", "kept", uuid, "file") == FILE
    assert "everything holds" in sealed.run("verify")
    sealed.run("erase", "--reconciliation", uuid)
    assert "erased" in sealed.run("reconcile", "kept", uuid, "file", status=2)


def reason_of(desk: Desk, uuid: str, result: str) -> Any:
    """The reason of a person's decision on a result."""
    ledger = OrderLedger(SQLiteRecorder(desk.folder / "ledger.db"), keys=keys_at(desk.folder))
    found = reconciled.reconciliation(ledger, UUID(uuid)).decisions[result].reason
    ledger.close()
    return found


@of_a_file
def test_a_reason_about_a_customers_payment_is_that_customers_also_in_a_ledger_that_is_written_anew(
    tmp_path: Path,
) -> None:
    record_plain(tmp_path, Clock(), {"items": MINA["items"]})
    office = Office(Desk(tmp_path))
    clerk = office.client("orders:write", "finance:write")
    clerk.post("/api/v1/orders/2/payments", json={"amount": "40", "reference": "pi_1", "provider": "stripe"})
    one = office.start()
    (matched,) = [result["id"] for result in one["results"] if result["entries"]]
    office.decide(one, "break", results=[matched], reason="Weissenberger says it is another's")
    office.desk.service.kill()
    office.desk.run("seal", str(tmp_path / "sealed" / "ledger.db"))
    sealed = Desk(tmp_path / "sealed")
    assert "Weissenberger says" in reason_of(sealed, one["id"], matched)
    sealed.run("erase", "--customer", "7", "--force")
    assert reason_of(sealed, one["id"], matched) == ""
    assert "everything holds" in sealed.run("verify")


@of_a_file
def test_a_plain_file_from_before_the_keys_is_read_and_not_said_to_be_erased(tmp_path: Path) -> None:
    record_plain(tmp_path, Clock(), MINA)
    desk = Desk(tmp_path)
    uuid = reconciled_by(desk, FILE)
    desk.run("keys", "create")
    assert desk.run("reconcile", "kept", uuid, "file") == FILE
    assert "recorded before it was sealed" in desk.run("erase", "--reconciliation", uuid, "--force", status=1)
    assert "everything holds" in desk.run("verify")


# --- a kept file by itself ---


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[OrderLedger]:
    made = sealed_ledger(tmp_path, clock)
    yield made
    made.close()


def kept(ledger: OrderLedger, content: bytes, sha256: str) -> str:
    whose = DataOwner("reconciliation:1", 2026)
    return ledger.write(ledger.files.keep, sha256, BytesIO(content), whose, "file", ledger.clock()).result()


@pytest.mark.parametrize("size", [0, 1, 65_507, 65_508, 65_509, 3_000_000])
def test_a_sealed_file_comes_back_byte_for_byte_whatever_its_size(size: int, ledger: OrderLedger) -> None:
    content = Random(size).randbytes(size)
    digest = sha256(content).hexdigest()
    sealed = kept(ledger, content, digest)
    assert b"".join(ledger.files.pieces(digest, sealed)) == content
    assert sealed in ledger.log_of_events.kept_files()
    assert digest not in ledger.log_of_events.kept_files()
    with pytest.raises(Exception, match="no keys are at hand"):
        list(KeptFiles(ledger.log_of_events, None).pieces(digest, sealed))


def test_a_sealed_file_that_was_exchanged_or_altered_is_never_given_out(ledger: OrderLedger, tmp_path: Path) -> None:
    one, other = b"one " * 40_000, b"other " * 40_000
    digests = [sha256(content).hexdigest() for content in (one, other)]
    names = [kept(ledger, content, digest) for content, digest in zip((one, other), digests, strict=True)]
    with pytest.raises(Exception, match="does not open"):
        list(ledger.files.pieces(digests[0], names[1]))
    ledger.close()
    other_content = "(SELECT content FROM kept_files WHERE sha256 = ?)"
    tamper(tmp_path / "ledger.db", f"UPDATE kept_files SET content = {other_content} WHERE sha256 = ?", *names)
    with pytest.raises(Exception, match=r"does not open|not what was kept"):
        list(ledger.files.pieces(digests[1], names[1]))
    assert ledger.keys is not None
    ledger.keys.destroy([key.id for key in ledger.keys.store.of_subject("reconciliation:1")], "e", ledger.clock())
    with pytest.raises(FileErased):
        list(ledger.files.pieces(digests[0], names[0]))


def test_a_withdrawal_of_another_file_while_one_is_taken_in_is_seen(tmp_path: Path) -> None:
    clock = Clock()
    clock.tick(days=30)
    ledger = sealed_ledger(tmp_path, clock)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    paid = {"amount": "40.00", "reference": "pi_1", "provider": "stripe", "received_at": "2026-03-01T00:00:00Z"}
    order = do(ledger.create, new_order(items=[{"unit_price": "40.00"}]), ME).order
    do(ledger.change, order.uuid, convert(paid, ReceivePayment), ME)
    others = Reconciling(ledger, Journal(views))
    first = others.start(BytesIO(FILE.encode()), "march.csv", "stripe", None, ME).reconciliation

    class Slow(Journal):
        """A journal that answers with the other reconciliations, one of which is withdrawn just after."""

        def reconciliations(self) -> list[Reconciliation]:
            found = super().reconciliations()
            others.withdraw(first.uuid, "Mina's", WriteConditions(ME))
            return found

    file = BytesIO(FILE.replace("T12", "T13").encode())
    second = Reconciling(ledger, Slow(views)).start(file, "again.csv", "stripe", None, ME).reconciliation
    found = {outcome: count for outcome, count in second.outcomes.items() if count}
    assert found == {"matched": 1, "missing_in_ledger": 1}
    views.close()
    ledger.close()
