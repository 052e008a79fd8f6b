"""Can an auditor take an order's history away and prove it, offline and without our software?

These packs are as the service answers them. tests/proof has the claims about altered packs.
"""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from domain.log.sqlite import sqlite3
from domain.order import events as e
from domain.order.commands import ChangeOrder
from domain.proof import checkpoint, verify
from domain.refusals import Refusal
from projections.proof.evidence import CONTINUATIONS_MAX
from projections.proof.signing import create_key
from tests.audit.conftest import AUDIT, Office, one_of_each
from tests.audit.histories import a_command, an_order
from tests.conftest import ME, Service, do

FILES = [
    "README.txt",
    "checkpoint.txt",
    "events.jsonl",
    "key.txt",
    "manifest.txt",
    "order.json",
    "personal.json",
    "proofs.json",
    "verify.py",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose order 2 has an event of each common type, with another order's events before and after them."""
    office = Office(tmp_path_factory.mktemp("office"))
    first = office.place()
    one_of_each(office)
    office.give(first, ChangeOrder, notes="later")
    yield office
    office.close()


def served(office: Office, order: str = "2") -> bytes:
    answer = office.ask(f"{AUDIT}/orders/{order}/evidence")
    assert answer.status_code == 200, answer.text
    return answer.content


def unpacked(pack: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        archive.extractall(folder)
    return folder


def checked(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The run of the pack's own program, with a bare Python and an empty environment."""
    return subprocess.run(
        [sys.executable, "-I", str(program), *arguments],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_pack_is_a_zip_with_all_that_is_needed(told: Office) -> None:
    answer = told.ask(f"{AUDIT}/orders/2/evidence")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="order-2-evidence.zip"'
    assert answer.headers["ledger-position"] == "orders:18"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == FILES
        assert archive.testzip() is None


def test_the_packs_program_knows_every_event_that_an_order_can_have() -> None:
    assert {*verify.CREATED, *verify.CHANGES} == e.TOPICS.keys() | e.OLDER.keys()


def test_the_pack_checks_itself_without_our_software(told: Office, tmp_path: Path) -> None:
    folder = unpacked(served(told), tmp_path)
    said = checked(folder / "verify.py")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "FAILS" not in said.stdout
    assert "All of it holds, if the key in key.txt is the key of the ledger." in said.stdout


def test_the_pack_holds_against_the_published_key_and_a_checkpoint_that_was_kept(told: Office, tmp_path: Path) -> None:
    folder = unpacked(served(told), tmp_path)
    kept = tmp_path / "kept.txt"
    kept.write_bytes(b"\xef\xbb\xbf" + told.checkpoints.current())  # an editor may add such a byte order mark
    said = checked(folder / "verify.py", "--key", str(told.checkpoints.public()), "--checkpoint", str(kept))
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.rstrip().endswith("All of it holds.")


def test_the_zip_itself_can_be_checked_by_a_program_from_elsewhere(told: Office, tmp_path: Path) -> None:
    program = unpacked(served(told, "1"), tmp_path / "other") / "verify.py"
    pack = tmp_path / "evidence.zip"
    pack.write_bytes(served(told))
    assert checked(program, str(pack)).returncode == 0


def test_a_pack_holds_against_a_checkpoint_that_was_kept_long_before(office: Office, tmp_path: Path) -> None:
    order = office.place()
    kept = tmp_path / "kept.txt"
    kept.write_bytes(office.checkpoints.current())
    office.give(order, ChangeOrder, notes="later")
    folder = unpacked(served(office, "1"), tmp_path / "pack")
    said = checked(folder / "verify.py", "--checkpoint", str(kept))
    assert said.returncode == 0, said.stdout
    assert "begins with the 2 records of your checkpoint" in " ".join(said.stdout.split())


def test_a_pack_goes_on_from_a_checkpoint_that_was_kept_on_any_day(office: Office, tmp_path: Path) -> None:
    order = office.place()
    kept = tmp_path / "kept.txt"
    kept.write_bytes(office.checkpoints.current())
    for number in range(CONTINUATIONS_MAX + 1):
        do(office.ledger.change, order.uuid, ChangeOrder(notes=str(number)), ME)
        office.checkpoints.current()
    answer = office.ask(f"{AUDIT}/orders/1/evidence", params={"since": 2})
    folder = unpacked(answer.content, tmp_path / "pack")
    said = checked(folder / "verify.py", "--checkpoint", str(kept))
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("since", ["19", "-1", "x"])
def test_a_pack_goes_on_from_no_size_that_the_log_never_had(told: Office, since: str) -> None:
    assert told.refused("/orders/2/evidence", 400, since=since)["errors"][0]["field"] == "since"


def test_another_ledgers_key_or_checkpoint_does_not_hold(told: Office, office: Office, tmp_path: Path) -> None:
    folder = unpacked(served(told), tmp_path / "pack")
    office.place()
    foreign = tmp_path / "kept.txt"
    foreign.write_bytes(office.checkpoints.current())
    for arguments in (("--key", str(create_key(tmp_path / "other.key"))), ("--checkpoint", str(foreign))):
        said = checked(folder / "verify.py", *arguments)
        assert said.returncode == 1
        assert "does NOT hold" in said.stdout


@pytest.mark.parametrize("name", FILES)
def test_a_pack_with_a_byte_changed_does_not_hold_and_names_the_file(told: Office, tmp_path: Path, name: str) -> None:
    folder = unpacked(served(told), tmp_path / "pack")
    program = unpacked(served(told), tmp_path / "untouched") / "verify.py"
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    said = checked(program, str(folder))
    assert said.returncode == 1
    assert any(name in why for why in re.findall(r"^  FAILS   (.*(?:\n {10}.*)*)", said.stdout, re.MULTILINE))


def test_the_events_are_those_of_the_log_column_by_column(told: Office) -> None:
    with zipfile.ZipFile(io.BytesIO(served(told))) as archive:
        lines = archive.read("events.jsonl").splitlines()
    rows = told.ledger.log_of_events.reader.execute(
        "SELECT * FROM events WHERE originator_id = ? ORDER BY version", (str(told.ledger.uuid_of(2)),)
    ).fetchall()
    assert [tuple(json.loads(line).values()) for line in lines] == [(*row[:-1], row[-1].hex()) for row in rows]


def test_the_document_is_the_order_as_it_stood_at_the_checkpoint(told: Office) -> None:
    with zipfile.ZipFile(io.BytesIO(served(told))) as archive:
        size = checkpoint.parse(archive.read("checkpoint.txt")).size
        document = archive.read("order.json")
    assert document == told.ask(f"{AUDIT}/orders/2", params={"position": f"orders:{size}"}).content


def test_the_checkpoint_is_the_ledgers_and_its_key_is_the_published_one(told: Office) -> None:
    with zipfile.ZipFile(io.BytesIO(served(told))) as archive:
        assert archive.read("checkpoint.txt") == told.checkpoints.current()
        assert archive.read("key.txt").decode() == f"{told.checkpoints.public()}\n"


def test_the_same_order_at_the_same_checkpoint_gives_the_same_bytes(told: Office) -> None:
    told.clock.tick(days=1)
    assert served(told) == served(told, str(told.ledger.uuid_of(2)))


def test_an_order_that_does_not_exist_has_no_evidence(told: Office) -> None:
    for order in ("3", str(UUID(int=7)), "x"):
        assert told.refused(f"/orders/{order}/evidence", 404)["code"] == "order-not-found"


def test_the_pack_of_any_history_holds_at_any_place_in_the_log(office: Office, tmp_path: Path) -> None:
    random = Random(5)
    orders = [do(office.ledger.create, an_order(random, number), ME).order for number in range(1, 7)]
    for step in range(60):
        office.clock.tick()
        place = random.randrange(len(orders))
        try:
            command = a_command(random, orders[place], str(step))
            orders[place] = do(office.ledger.change, orders[place].uuid, command, ME).order
        except Refusal:
            continue
    for order in orders:
        folder = unpacked(served(office, str(order.id)), tmp_path / str(order.id))
        said = checked(folder / "verify.py", "--key", str(office.checkpoints.public()))
        assert said.returncode == 0, said.stdout


def test_a_pack_that_came_over_the_wire_holds(service: Service, tmp_path: Path) -> None:
    key = service.run("key", "create").stdout.decode().strip()
    writer = service.client(service.key("orders:write"))
    auditor = service.client(service.key("audit:read"))
    order = writer.post("/api/v1/orders", json={"items": [{"unit_price": "79.99"}]}).json()
    answer = auditor.get(f"{AUDIT}/orders/{order['uuid']}/evidence")
    folder = unpacked(answer.content, tmp_path)
    said = checked(folder / "verify.py", "--key", key)
    assert said.returncode == 0, said.stdout
    assert json.loads((folder / "order.json").read_bytes()) == order


def test_no_pack_leaves_whose_proofs_do_not_lead_to_the_signed_root(office: Office) -> None:
    for _ in range(4):
        office.place()
    office.checkpoints.current()
    with closing(sqlite3.connect(office.views.path.resolve(), isolation_level=None)) as tampering:
        # The tree's root reads none of the first eight nodes any more; the first two of them are leaves.
        (nodes,) = tampering.execute("SELECT hashes FROM tree_nodes WHERE row = 0").fetchone()
        tampering.execute("UPDATE tree_nodes SET hashes = ? WHERE row = 0", (bytes(64) + nodes[64:],))
    problem = office.refused("/orders/1/evidence", 500)
    assert problem["code"] == "log-altered"
