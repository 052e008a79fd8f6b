"""Is every change of the stored events behind the program's back found, and named by its position?"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance, digest_of
from domain.log.sqlite import sqlite3
from domain.privacy.opening import LedgerLocation
from domain.proof import checkpoint, merkle
from domain.refusals import Refusal
from projections import tree
from projections.proof.problems import Problem
from projections.proof.signing import ORIGIN
from projections.proof.verification import check_orphaned_histories, check_part
from projections.proof.verifying_checkpoints import GrowingTree, Verified
from projections.views.views import Views
from tests.audit.conftest import Office
from tests.audit.histories import a_command, an_order
from tests.conftest import ROOT, Service, do, let_events_be_anything

FLIPS: Final = 300
ORDERS: Final = 12
CUT: Final = 10
VERIFY_SECONDS_MAX: Final = 30
TEXTS: Final = ("originator_id", "topic", "payload", "recorded_at", "actor", "request_id", "idempotency_key")
COLUMNS: Final = ("originator_id", "version", *TEXTS[1:])  # in the order of the digest


class Kept(NamedTuple):
    """A ledger at rest: its folder, and the sizes at which its head was signed."""

    folder: Path
    signed: list[int]

    @property
    def head(self) -> int:
        return self.signed[-1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A ledger of random histories side by side, whose head was signed after each command."""
    office = Office(tmp_path_factory.mktemp("office"))
    random = Random(24)
    orders = []
    for number in range(ORDERS * 12):
        office.clock.tick(milliseconds=1)
        given = Provenance("tester", f"request-{number}", random.choice((None, f"key-{number}")))
        with suppress(Refusal):
            if number < ORDERS:
                orders.append(do(office.ledger.create, an_order(random, number), given).order)
            else:
                place = random.randrange(ORDERS)
                command = a_command(random, orders[place], str(number))
                orders[place] = do(office.ledger.change, orders[place].uuid, command, given).order
            office.checkpoints.current()
    signed = [checkpoint.parse(note).size for note in office.ledger.log_of_events.checkpoints()]
    office.close()
    return Kept(office.folder, signed)


class Files:
    """A copy of that ledger for an attacker who can write to its files."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        shutil.copytree(kept.folder, folder, symlinks=True, dirs_exist_ok=True)
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.at = LedgerLocation(f"sqlite:///{self.ledger}")
        self.connection = sqlite3.connect(self.ledger, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.triggers = self.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for trigger, _ in self.triggers:
            self.connection.execute(f"DROP TRIGGER {trigger}")

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def read(self, position: int, column: str) -> bytes | int | None:
        wanted = f"CAST({column} AS BLOB)" if column in TEXTS else column
        ((value,),) = self.all(f"SELECT {wanted} FROM events WHERE position = ?", position)
        return value

    def write(self, position: int, column: str, value: bytes | int | None) -> None:
        what = "CAST(? AS TEXT)" if column in TEXTS and value is not None else "?"
        self.all(f"UPDATE events SET {column} = {what} WHERE position = ?", value, position)

    def order_at(self, position: int) -> str:
        return str(self.all("SELECT originator_id FROM events WHERE position = ?", position)[0][0])

    def put_triggers_back(self) -> None:
        """Puts the triggers back, as an attacker does who hides the change."""
        while self.triggers:
            self.connection.execute(self.triggers.pop()[1])

    def make_digest_anew(self, position: int) -> None:
        self.write(position, "digest", digest_of(*(self.read(position, column) for column in COLUMNS)))

    def make_views_anew(self) -> None:
        """Makes the tree and the rows anew, as if the log had always been as it is now."""
        ledger = OrderLedger(SQLiteRecorder(self.ledger))
        views = Views(ledger, self.folder / "views.db")
        views.rebuild()
        views.close()
        ledger.log_of_events.close()

    def views(self) -> Path:
        return self.folder / (self.folder / "views.db").readlink()


@pytest.fixture
def files(kept: Kept, tmp_path: Path) -> Iterator[Files]:
    made = Files(kept, tmp_path)
    yield made
    made.connection.close()


# The pieces that `run.py verify` runs in other processes, in this one.


def by_record(files: Files) -> list[Problem]:
    (head,) = files.all("SELECT max(position) FROM events")[0]
    return check_part(files.at, files.views(), 1, head, head).records


def by_order(files: Files) -> list[Problem]:
    (head,) = files.all("SELECT max(position) FROM events")[0]
    rest, _ = check_orphaned_histories(files.at, files.views(), head)
    return check_part(files.at, files.views(), 1, head, head).histories + rest


def by_checkpoint(files: Files) -> list[Problem]:
    """The problems that the checkpoints in the file outside the database show."""
    notes = checkpoint.split((files.folder / "checkpoints.txt").read_bytes())
    (head,) = files.all("SELECT max(position) FROM events")[0]
    found = Verified()
    growing = GrowingTree([("kept", checkpoint.parse(note)) for note in notes], found)
    growing.append(check_part(files.at, None, 1, head, head).digests)
    growing.finish()
    return found.problems


def positions(problems: list[Problem]) -> list[int]:
    return [problem.position for problem in problems]


def test_a_ledger_that_nobody_touched_holds(files: Files, kept: Kept) -> None:
    assert by_record(files) == by_order(files) == by_checkpoint(files) == []
    assert len(kept.signed) > 50


# --- single bits ---


def flipped(value: Any, bit: int) -> Any:
    """A text, a blob or a number of 64 bits, with one bit flipped."""
    if isinstance(value, int):
        return int.from_bytes(flipped(value.to_bytes(8, "little", signed=True), bit), "little", signed=True)
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bits(files: Files) -> list[tuple[int, str, int]]:
    """Every column of every record but the position, with its number of bits."""
    found = []
    for (position,) in files.all("SELECT position FROM events"):
        for column in (*COLUMNS, "digest"):
            value = files.read(position, column)
            if value is not None:
                found.append((position, column, 64 if isinstance(value, int) else 8 * len(value)))
    return [place for place in found if place[2]]


def test_a_flip_of_any_bit_is_found_and_named_at_its_position(files: Files) -> None:
    random, places = Random(1), bits(files)
    done, missed = 0, []
    while done < FLIPS:
        ((position, column, length),) = random.choices(places, [length for *_, length in places])
        value, bit, order = files.read(position, column), random.randrange(length), files.order_at(position)
        assert value is not None
        try:
            files.write(position, column, flipped(value, bit))
        except sqlite3.IntegrityError:
            continue  # two records of one version, which the database refuses
        problems = by_record(files)
        if positions(problems)[:1] != [position] or (column != "originator_id" and problems[0].order != order):
            missed.append((position, column, bit, problems[:1]))
        files.write(position, column, value)
        done += 1
    assert missed == []
    assert by_record(files) == []


@pytest.mark.parametrize("column", [*COLUMNS, "digest"])
def test_a_field_that_is_gone_is_named_at_its_position(files: Files, column: str) -> None:
    """No SQL can remove such a field from a ledger, but a bit that flips in a record's header can."""
    let_events_be_anything(files.connection)
    value = files.read(30, column)
    files.write(30, column, None if value is not None else b"")
    problems = by_record(files)
    assert (positions(problems), problems[0].reason) == ([30], "the record is not what its digest was made of")
    by_order(files)
    by_checkpoint(files)


def test_a_uuid_that_is_none_is_named_though_its_digests_were_made_anew(files: Files) -> None:
    of_one = [p for (p,) in files.all("SELECT position FROM events WHERE originator_id = ?", files.order_at(30))]
    for position in of_one:
        files.write(position, "originator_id", b"\xff" * 36)
        files.make_digest_anew(position)
    (head,) = files.all("SELECT max(position) FROM events")[0]
    (problem,) = check_part(files.at, None, 1, head, head).histories
    assert problem.position == of_one[0]


def test_a_payload_that_no_order_can_be_made_of_is_named_though_its_digest_was_made_anew(files: Files) -> None:
    for position, payload in files.all("SELECT position, payload FROM events WHERE version = 1"):
        files.write(position, "payload", re.sub('"shipping_cost":"[^"]*"', '"shipping_cost":"KW@"', payload).encode())
        files.make_digest_anew(position)
        (problem,) = by_order(files)
        assert (problem.order, problem.position) == (files.order_at(position), position)
        assert "KW@" in problem.reason
        break


def test_no_other_record_is_accused_of_a_time_that_was_altered(files: Files) -> None:
    time = files.read(10, "recorded_at")
    assert isinstance(time, bytes)
    files.write(10, "recorded_at", b"3" + time[1:])
    assert positions(by_record(files)) == [10]


def test_no_other_order_is_accused_of_a_record_that_was_altered(files: Files) -> None:
    for position, payload in files.all("SELECT position, CAST(payload AS BLOB) FROM events"):
        files.write(position, "payload", payload[:-1])
        assert {problem.order for problem in by_order(files)} == {files.order_at(position)}
        files.write(position, "payload", payload)


def test_a_record_moved_out_of_its_position_is_named_where_it_stood(files: Files, kept: Kept) -> None:
    for position in (1, kept.head // 2, kept.head):
        for bit in (9, 12, 63):
            moved = flipped(position, bit)
            files.all("UPDATE events SET position = ? WHERE position = ?", moved, position)
            assert position in positions(by_record(files)) + positions(by_checkpoint(files))
            files.all("UPDATE events SET position = ? WHERE position = ?", position, moved)


def test_a_bit_that_rots_on_the_disk_is_found_and_named_at_its_position(files: Files, kept: Kept) -> None:
    files.all("PRAGMA wal_checkpoint(TRUNCATE)")
    whole, random = files.ledger.read_bytes(), Random(2)
    for position in random.sample(range(1, kept.head + 1), 20):
        payload = files.read(position, "payload")
        assert isinstance(payload, bytes)
        # SQLite leaves a copy where it moves a record to another page; the copies rot, too.
        rotten = whole.replace(payload, flipped(payload, random.randrange(8 * len(payload))))
        for content, expected in ((rotten, [position]), (whole, [])):
            with files.ledger.open("r+b") as file:
                file.write(content)
            assert positions(by_record(files)) == expected


def test_a_page_that_was_wiped_is_named_by_the_positions_that_stood_there(files: Files, kept: Kept) -> None:
    files.all("VACUUM")
    files.all("PRAGMA wal_checkpoint(TRUNCATE)")
    payload = files.read(kept.head // 2, "payload")
    assert isinstance(payload, bytes)
    page = files.ledger.read_bytes().index(payload) // 4096 * 4096
    with files.ledger.open("r+b") as file:
        file.seek(page)
        file.write(bytes(4096))
    problems = by_record(files)
    assert kept.head // 2 in positions(problems)
    assert positions(problems) == list(range(problems[0].position, problems[-1].position + 1))
    assert all("damaged" in problem.reason for problem in problems)
    assert by_order(files)


# --- whole records ---


def swap(files: Files, first: int, second: int) -> None:
    """Swaps two records' positions."""
    for position, to in ((first, -1), (second, first), (-1, second)):
        files.all("UPDATE events SET position = ? WHERE position = ?", to, position)


def delete_the_last(files: Files) -> None:
    files.all("DELETE FROM events WHERE position > (SELECT max(position) FROM events) - ?", CUT)


def rewrite(files: Files, position: int) -> None:
    """Changes the actor of a record, and makes the digest fit."""
    files.write(position, "actor", b"nobody")
    files.make_digest_anew(position)


def another_amount(files: Files) -> int:
    """Changes the amount of a payment, and makes the digest fit. Returns the position."""
    for position, payload in files.all(
        "SELECT position, payload FROM events WHERE topic = 'order.payment_received.v2'"
    ):
        files.write(position, "payload", payload.replace('"amount":"', '"amount":"9').encode())
        files.make_digest_anew(position)
        return int(position)
    raise AssertionError("no payment")


def test_two_records_that_changed_places_are_both_named(files: Files, kept: Kept) -> None:
    random = Random(3)
    for _ in range(20):
        first, second = sorted(random.sample(range(1, kept.head + 1), 2))
        swap(files, first, second)
        found = positions(by_record(files))
        assert (found[0], {first, second} - set(found)) == (first, set())
        swap(files, first, second)


def test_a_record_deleted_from_the_middle_is_named(files: Files) -> None:
    files.all("DELETE FROM events WHERE position = 30")
    assert positions(by_record(files)) == [30]


def test_a_record_rewritten_with_its_digest_is_named_by_the_tree(files: Files, kept: Kept) -> None:
    for position in Random(4).sample(range(1, kept.head + 1), 20):
        before = files.read(position, "actor"), files.read(position, "digest")
        rewrite(files, position)
        ((named, order, reason, _),) = by_record(files)
        assert (named, order) == (position, files.order_at(position))
        assert "its digest made anew" in reason
        for column, value in zip(("actor", "digest"), before, strict=True):
            files.write(position, column, value)


def test_an_amount_rewritten_with_its_digest_is_named_by_the_tree_and_by_the_orders_rows(files: Files) -> None:
    position = another_amount(files)
    assert positions(by_record(files)) == [position]
    (problem,) = by_order(files)
    assert problem.order == files.order_at(position)
    assert "rows in the views" in problem.reason


@pytest.mark.parametrize("signed", [0, 10, 30, -1])
def test_a_record_rewritten_with_every_digest_and_node_after_it_is_found_by_the_checkpoints_alone(
    files: Files, kept: Kept, signed: int
) -> None:
    """It is named as exactly as heads were signed: behind the last signed size of the unaltered history."""
    last = kept.signed[signed]
    good = max((size for size in kept.signed if size < last), default=0)
    rewrite(files, last)
    files.make_views_anew()
    assert by_record(files) == by_order(files) == []
    found = by_checkpoint(files)
    assert found[0].position == good + 1
    assert f"from position {good + 1} to {last}" in found[0].reason


def test_two_records_that_changed_places_are_found_though_the_tree_was_made_anew(files: Files, kept: Kept) -> None:
    good = kept.signed[20]
    swap(files, good + 1, kept.head)
    files.make_views_anew()
    assert by_checkpoint(files)[0].position == good + 1


def test_the_end_cut_off_is_found_though_the_tree_was_made_anew(files: Files, kept: Kept) -> None:
    delete_the_last(files)
    files.make_views_anew()
    assert by_record(files) == by_order(files) == []
    assert positions(by_checkpoint(files)) == [kept.head - CUT + 1] * len(
        [n for n in kept.signed if n > kept.head - CUT]
    )


def test_an_old_alteration_is_told_by_one_checkpoint_and_not_by_each_since(files: Files, kept: Kept) -> None:
    """Otherwise the one line that names the record would drown among many."""
    rewrite(files, kept.signed[2])
    assert len(by_checkpoint(files)) == 1


def test_a_node_of_the_tree_that_was_altered_is_found(files: Files) -> None:
    """Otherwise the next checkpoint would sign the altered node."""
    with closing(sqlite3.connect(files.views(), isolation_level=None)) as views:
        (hashes,) = views.execute("SELECT hashes FROM tree_nodes WHERE row = 0").fetchone()
        at = tree.number(3, 1) * 32
        altered = hashes[:at] + bytes(32) + hashes[at + 32 :]
        views.execute("UPDATE tree_nodes SET hashes = ? WHERE row = 0", (altered,))
    assert run_verify(files).returncode == 1


def test_a_part_of_the_tree_that_is_gone_is_named(files: Files) -> None:
    with closing(sqlite3.connect(files.views(), isolation_level=None)) as views:
        views.execute("DELETE FROM tree_nodes WHERE row = 1")
    assert {problem.reason for problem in by_record(files)} == {"the tree of the views has no leaf for this record"}


def test_a_row_of_the_views_that_was_altered_is_named_by_its_order(files: Files) -> None:
    with closing(sqlite3.connect(files.views(), isolation_level=None)) as views:
        ((uuid,),) = views.execute("SELECT uuid FROM orders WHERE id = 3").fetchall()
        views.execute("UPDATE orders SET is_paid = 1 - is_paid WHERE id = 3")
    (problem,) = by_order(files)
    assert problem.order == uuid
    assert "rows in the views" in problem.reason


@pytest.mark.parametrize("tampering", ["UPDATE payments SET amount_low = amount_low + 1", "DELETE FROM payments"])
def test_a_payment_of_the_views_that_was_altered_is_named_by_its_order(files: Files, tampering: str) -> None:
    with closing(sqlite3.connect(files.views(), isolation_level=None)) as views:
        ((uuid, position),) = views.execute("SELECT uuid, position FROM payments LIMIT 1").fetchall()
        views.execute(f"{tampering} WHERE position = ?", (position,))
    (problem,) = by_order(files)
    assert problem.order == uuid
    assert "payments in the views" in problem.reason


def test_an_order_that_the_log_never_had_is_named(files: Files) -> None:
    with closing(sqlite3.connect(files.views(), isolation_level=None)) as views:
        views.execute("UPDATE orders SET uuid = '00000000-0000-4000-8000-000000000000' WHERE id = 3")
    assert any(
        problem.order == "00000000-0000-4000-8000-000000000000" and "the log has not" in problem.reason
        for problem in by_order(files)
    )


# --- the command, once for each kind ---


def run_verify(files: Files, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `run.py verify`. It and its child processes are killed after `VERIFY_SECONDS_MAX`."""
    files.put_triggers_back()
    service = Service(files.folder)
    started = subprocess.Popen(
        [sys.executable, ROOT / "run.py", "verify", *arguments],
        env=service.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, aside = started.communicate(timeout=VERIFY_SECONDS_MAX)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(started.args, started.returncode, said, aside)


def flip_one(files: Files, kept: Kept) -> int:
    value = files.read(30, "payload")
    assert value is not None
    files.write(30, "payload", flipped(value, 100))
    return 30


def flip_the_owner_of_a_first_record(files: Files, kept: Kept) -> int:
    """Flips a bit of the order in an order's first record: the order's history then begins with version 2."""
    (position,) = files.all("SELECT position FROM events WHERE version = 1 ORDER BY position DESC LIMIT 1")[0]
    value = files.read(position, "originator_id")
    assert value is not None
    files.write(position, "originator_id", flipped(value, 0))
    return int(position)


def move_one_far_away(files: Files, kept: Kept) -> int:
    files.all("UPDATE events SET position = position + (1 << 27) WHERE position = ?", kept.head - 5)
    return kept.head - 5


def swap_two(files: Files, kept: Kept) -> int:
    swap(files, 20, 40)
    return 20


def cut_the_end(files: Files, kept: Kept) -> int:
    delete_the_last(files)
    files.all("UPDATE sqlite_sequence SET seq = (SELECT max(position) FROM events) WHERE name = 'events'")
    return kept.head - CUT + 1


def cut_the_end_and_make_the_views_anew(files: Files, kept: Kept) -> int:
    position = cut_the_end(files, kept)
    files.make_views_anew()
    return position


def rewrite_one(files: Files, kept: Kept) -> int:
    rewrite(files, 50)
    return 50


def rewrite_everything_after(files: Files, kept: Kept) -> int:
    # A record without an idempotency key: the key would have to be claimed for the new actor, too.
    position = next(size + 1 for size in kept.signed[25:] if files.read(size + 1, "idempotency_key") is None)
    rewrite(files, position)
    files.make_views_anew()
    return position


@pytest.mark.parametrize(
    "tamper",
    [
        flip_one,
        flip_the_owner_of_a_first_record,
        move_one_far_away,
        swap_two,
        cut_the_end,
        cut_the_end_and_make_the_views_anew,
        rewrite_one,
        rewrite_everything_after,
    ],
)
def test_the_command_names_the_first_bad_position_and_exits_1(
    files: Files, kept: Kept, tamper: Callable[[Files, Kept], int]
) -> None:
    position = tamper(files, kept)
    said = run_verify(files)
    assert said.returncode == 1, said.stdout + said.stderr
    told = [line for line in said.stdout.splitlines() if "position" in line]
    assert told[0].startswith(f"position {position}, order ")


def test_the_command_says_that_everything_holds_where_it_does(files: Files, kept: Kept) -> None:
    said = run_verify(files)
    assert said.returncode == 0, said.stdout + said.stderr
    checkpoints = 2 * len(kept.signed)
    assert said.stdout.splitlines() == [
        f"{kept.head} events of {ORDERS} orders read, {checkpoints} checkpoints held against them",
        "everything holds",
    ]


def test_a_log_rewritten_with_tree_and_checkpoints_is_caught_by_one_kept_elsewhere(
    files: Files, kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> None:
    handed = tmp_path_factory.mktemp("elsewhere") / "kept.txt"
    handed.write_bytes((files.folder / "checkpoints.txt").read_bytes())
    position = rewrite_everything_after(files, kept)
    files.all("DELETE FROM checkpoints")
    (files.folder / "checkpoints.txt").unlink()
    assert run_verify(files).returncode == 0
    said = run_verify(files, "--checkpoint", str(handed))
    assert said.returncode == 1
    assert f"position {position}, order unknown: a checkpoint in {handed} signs another history" in said.stdout


def test_a_checkpoint_that_a_forger_signed_is_named(files: Files, kept: Kept) -> None:
    rewrite_everything_after(files, kept)
    leaves = [digest for (digest,) in files.all("SELECT digest FROM events ORDER BY position")]
    nodes: dict[tuple[int, int], bytes] = {}
    for level, place, node in merkle.append(0, leaves, lambda *at: nodes[at]):
        nodes[level, place] = node
    root = merkle.root(kept.head, lambda *at: nodes[at])
    forged = checkpoint.sign(Ed25519PrivateKey.generate(), ORIGIN, kept.head, root)
    files.all("DELETE FROM checkpoints")
    (files.folder / "checkpoints.txt").write_bytes(forged)
    said = run_verify(files)
    assert said.returncode == 1
    assert "is not signed by the key" in said.stdout


def test_a_checkpoint_kept_here_that_was_altered_is_named(files: Files, kept: Kept) -> None:
    file = files.folder / "checkpoints.txt"
    text = file.read_text().replace(f"\n{kept.signed[5]}\n", f"\n{kept.signed[5] + 1}\n", 1)
    file.write_text(text)
    said = run_verify(files)
    assert said.returncode == 1
    assert f"a checkpoint kept in {file}: The signature" in said.stdout
