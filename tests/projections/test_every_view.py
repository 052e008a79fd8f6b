"""The contract of a view, held by every view: its rows are the log folded once, however they came there."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.log.mapper import EventMapper, UnknownTopic
from domain.log.records import digest_of
from domain.log.sqlite import sqlite3
from domain.order.commands import ChangeOrder
from domain.period.months import month_named
from domain.reconciliation.deciding import Wanted
from domain.reconciling import Reconciling, WriteConditions
from projections.journal import Journal
from projections.orders import table as orders
from projections.payments import table as payments
from projections.periods.closing import Periods
from projections.proof.signing import Checkpoints, create_key
from projections.views import generation, rebuilding
from projections.views.all import OF_KIND, VIEWS
from projections.views.fold import fold, no_state
from projections.views.view import RecordView, View, sources
from projections.views.views import Views, ViewsUnavailable
from tests.conftest import ME, ROOT, Clock, do
from tests.projections.histories import play
from tests.projections.rows import anew, rows
from tests.tampering import tamper, without_triggers

SETTLED = b"""reference,kind,gross,fee,net,currency,occurred_at,order,payout
r-3,payment,9.00,0.30,8.70,USD,2026-03-01T09:00:00Z,,
r-9,payment,7.00,0.20,6.80,USD,2026-03-02T09:00:00Z,,
"""
OWN = ("made_by", "positions", "recent", "stopped")  # the tables that belong to no view

every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@pytest.fixture
def told(ledger: OrderLedger, views: Views, clock: Clock, tmp_path: Path) -> Views:
    """Views fed now and then, with orders, a reconciliation with decisions, an access key and a closed period."""
    random = Random(12)
    keys = Keys(ledger.log_of_events)
    ledger.write(keys.create, now=clock(), scopes=["orders:read"], name="clerk").result()
    views.catch_up()
    ledger.write(
        keys.change, "clerk", scopes=["orders:write"], expires_at=clock() + timedelta(days=9), now=clock()
    ).result()
    ledger.write(keys.rotate, "clerk", keep_until=clock() + timedelta(days=1), now=clock()).result()
    play(ledger, clock, random, 150, then=lambda: random.random() < 0.3 and views.catch_up())
    reconciling = Reconciling(ledger, Journal(views))
    state = reconciling.start(BytesIO(SETTLED), "march.csv", "p", None, ME).reconciliation
    views.catch_up()
    results = json.loads(b"".join(reconciling.pieces(state, "report")))["results"]
    reconciling.decide(state.uuid, [explained(results[0]["id"], "known")], WriteConditions(ME))
    views.catch_up()
    reconciling.decide(state.uuid, [explained(results[1]["id"], "known too")], WriteConditions(ME))
    play(ledger, clock, random, 20)
    create_key(tmp_path / "ledger.key")
    checkpoints = Checkpoints(ledger, views, key=tmp_path / "ledger.key", kept=tmp_path / "checkpoints.txt")
    Periods(ledger, views).close("p", month_named("2026-03", ZoneInfo("UTC")), checkpoints, ME)
    return views


def of(view: View, found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of one view's tables."""
    return {table: found[table] for table in view.tables}


def explained(result: str, reason: str) -> Wanted:
    return Wanted(decision="explain", results=(result,), reason=reason)


@every_view
def test_rows_that_were_fed_as_things_happened_are_those_of_a_rebuild(
    view: View, told: Views, ledger: OrderLedger, tmp_path: Path
) -> None:
    live = of(view, rows(told))
    assert all(live.values()), "the histories leave no table empty"
    assert live == of(view, anew(ledger, tmp_path))


@every_view
def test_each_table_is_one_views(view: View, told: Views) -> None:
    others = {table for other in VIEWS if other is not view for table in other.tables}
    tables = {name for (name,) in told.reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert set(view.tables) == tables - others - set(OWN)


@every_view
def test_feeding_records_again_changes_no_row(view: View, told: Views, ledger: OrderLedger) -> None:
    before = of(view, rows(told))
    written = list(ledger.log_of_events.raw_records())
    for again in (written, written[-1:], written[:5], []):
        assert told.catch_up(written=again) == ledger.head()
    assert of(view, rows(told)) == before


@every_view
def test_nothing_is_shown_of_a_record_that_is_not_known_nor_of_any_behind_it(
    view: View, told: Views, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    before = of(view, rows(told))
    stored = ("9c7e3a3e-7a0b-4a8e-9d0f-0a1b2c3d4e5f", 1, "order.teleported.v9", "{}", "2099-01-01T00:00:00.000000Z")
    with closing(sqlite3.connect(ledger.log_of_events.path, isolation_level=None)) as newer:
        newer.execute(
            "INSERT INTO events (originator_id, version, topic, payload, recorded_at, actor, request_id,"
            " idempotency_key, digest) VALUES (?, ?, ?, ?, ?, 'a', NULL, NULL, ?)",
            (*stored, digest_of(*stored, "a", None, None)),
        )
    play(ledger, clock, Random(13), 20)
    with pytest.raises(UnknownTopic):
        told.catch_up()
    assert of(view, rows(told)) == before
    with pytest.raises(UnknownTopic):
        anew(ledger, tmp_path)


def test_a_rows_values_stand_in_their_columns(told: Views, ledger: OrderLedger) -> None:
    raw = next(raw for raw in ledger.log_of_events.raw_records() if raw.topic == b"order.payment_received.v2")
    order = ledger.order(UUID(raw.order), raw.version)
    of_order = orders.columns(order, order.totals, raw.position)
    for table, named in (("orders", of_order), ("payments", payments.columns(raw, order))):
        found = told.reader.execute(f"SELECT * FROM {table} LIMIT 1")
        assert [name for name, *_ in found.description] == list(named)


# --- records handed over by their writer ---


def test_records_that_follow_on_are_folded_without_reading_the_log(
    told: Views, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    for written in _written(ledger, clock):
        asked: list[str] = []
        ledger.log_of_events.reader.set_trace_callback(asked.append)
        assert told.catch_up(written=written) == written[-1].position
        ledger.log_of_events.reader.set_trace_callback(None)
        assert asked == []
    assert rows(told) == anew(ledger, tmp_path)


def test_records_that_do_not_follow_on_are_read_with_those_before_them(
    told: Views, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    random, position = Random(15), told.position()
    for written in _written(ledger, clock):
        handed = random.choice(([], written[1:], written, written[::2]))
        position = told.catch_up(written=handed)
        assert position >= (handed[-1].position if handed else ledger.head())
    told.catch_up()
    assert rows(told) == anew(ledger, tmp_path)


def _written(ledger: OrderLedger, clock: Clock) -> Iterator[list[Any]]:
    """The records of twenty batches, each when it was just written."""
    for seed in range(20):
        head = ledger.head()
        play(ledger, clock, Random(seed), 8)
        yield list(ledger.log_of_events.raw_records(after=head))


# --- made anew where other code made it ---


def touch(views: Views, *, stale: View, keep: list[View]) -> dict[str, list[tuple[Any, ...]]]:
    """Changes the file as if another version had made one view.

    The view's rows are gone and its fingerprint is another. In the tables of the others an index marks that they were
    not made anew. Returns the others' rows.
    """
    with closing(sqlite3.connect(views.path.resolve(), isolation_level=None)) as other:
        other.execute("UPDATE made_by SET fingerprint = 'other code' WHERE name = ?", (stale.name,))
        for table in stale.tables:
            other.execute(f"DELETE FROM {table}")
            other.execute(f"ALTER TABLE {table} ADD COLUMN of_another_version INTEGER")
        for view in keep:
            for table in view.tables:
                other.execute(f"CREATE INDEX {table}_mark ON {table} (1)")
    return {table: views_rows for view in keep for table, views_rows in of(view, rows(views)).items()}


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "PART_POSITIONS", 64)


@every_view
@pytest.mark.usefixtures("in_small_parts")
def test_a_view_that_other_code_made_is_made_anew_alone_and_all_is_as_after_a_rebuild(
    view: View, told: Views, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    others = [other for other in VIEWS if other is not view]
    kept = touch(told, stale=view, keep=others)
    play(ledger, clock, Random(14), 20)  # no feeder has seen these events
    with closing(Views(ledger, tmp_path / "views.db")) as started:
        with pytest.raises(ViewsUnavailable):
            _ = started.reader
        assert generation.stale(started.path.resolve()) == [view]
        started.ensure()
        found = rows(started)
        marks = [(name, sql) for kind, name, sql in found["schema"] if kind == "index" and name.endswith("_mark")]
        assert len(marks) == len(kept), "the others' tables are those that were there"
        found["schema"] = [row for row in found["schema"] if not row[1].endswith("_mark")]
        assert found == anew(ledger, tmp_path)


@every_view
def test_a_view_that_is_made_anew_alone_leaves_out_stopped_histories(
    view: View, told: Views, ledger: OrderLedger, tmp_path: Path
) -> None:
    told.close()
    for version, order in ((1, 2), (3, 3)):
        at = "(SELECT position FROM events WHERE version = ? ORDER BY position LIMIT 1 OFFSET ?)"
        file = ledger.log_of_events.path
        tamper(file, f"UPDATE events SET payload = payload || ' ' WHERE position = {at}", version, order)
    told.rebuild()
    assert len(told.stopped()) == 2
    touch(told, stale=view, keep=[])
    with closing(Views(ledger, tmp_path / "views.db")) as started:
        started.ensure()
        assert rows(started) == anew(ledger, tmp_path)


def test_a_history_that_stops_is_taken_out_also_where_its_kept_state_is_damaged(
    told: Views, ledger: OrderLedger, tmp_path: Path
) -> None:
    shown = told.reader.execute("SELECT uuid FROM orders WHERE status = 'new' AND customer_id > 0").fetchall()
    shown = [(uuid,) for (uuid,) in shown if not ledger.order(UUID(uuid)).erased]
    for (uuid,) in shown:
        do(ledger.change, UUID(uuid), ChangeOrder(notes="about to be damaged"), ME)
    stops = {raw.order: raw.position for raw in ledger.log_of_events.raw_records(after=told.position())}
    assert len(stops) == len(shown) > 1
    with (
        closing(sqlite3.connect(told.path.resolve(), isolation_level=None)) as views,
        without_triggers(ledger.log_of_events.path) as log,
    ):
        for uuid, position in stops.items():
            log.execute("UPDATE events SET payload = payload || ' ' WHERE position = ?", (position,))
            views.execute("UPDATE states SET seal = x'00' WHERE id = (SELECT id FROM orders WHERE uuid = ?)", (uuid,))
    told.catch_up()
    assert told.stopped().keys() == stops.keys()
    assert rows(told) == anew(ledger, tmp_path)


def test_every_view_is_made_anew_where_the_fold_itself_is_another(told: Views, ledger: OrderLedger) -> None:
    with closing(sqlite3.connect(told.path.resolve(), isolation_level=None)) as other:
        other.execute("UPDATE made_by SET fingerprint = 'other code' WHERE name = 'fold'")
    assert generation.stale(told.path.resolve()) == list(VIEWS)


# --- the code that rows depend on ---

ASK = "import json; from projections.views.generation import fingerprints; print(json.dumps(fingerprints()))"


def changed_by(change: str, folder: Path) -> set[str]:
    """The names of the views whose fingerprint changes when a source file gets one more comment."""
    for package in ("domain", "projections"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))

    def ask() -> dict[str, str]:
        done = subprocess.run([sys.executable, "-c", ASK], cwd=folder, capture_output=True, check=True)
        return json.loads(done.stdout)

    before = ask()
    with (folder / change).open("a") as source:
        source.write("# A comment.\n")
    return {name for name, found in ask().items() if found != before[name]}


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ("domain/log/keys.py", set()),
        ("domain/importing.py", set()),
        ("projections/orders/list.py", set()),
        ("projections/proof/signing.py", set()),
        ("projections/payments/table.py", {"payments"}),
        ("projections/orders/documents.py", {"orders"}),
        ("domain/settlement/lines.py", {"reconciliations"}),
        ("domain/proof/merkle.py", {"tree"}),
        ("projections/views/fold.py", {"fold"}),
    ],
)
def test_a_change_of_a_source_file_is_a_change_of_the_views_whose_rows_depend_on_it(
    change: str, stale: set[str], tmp_path: Path
) -> None:
    assert changed_by(change, tmp_path) == stale


def test_every_function_that_has_a_part_in_a_row_stands_in_a_file_of_the_views_fingerprint(
    told: Views, ledger: OrderLedger
) -> None:
    raws = list(ledger.log_of_events.raw_records())
    histories = fold(raws, no_state, EventMapper().read).histories.values()
    for view in VIEWS:
        called: set[str] = set()
        sys.setprofile(lambda frame, event, _, called=called: called.add(frame.f_code.co_filename))
        try:
            if isinstance(view, RecordView):
                view.of_records(raws)
            for history in histories:
                if view in OF_KIND[history.kind]:
                    view.of_history(history)
        finally:
            sys.setprofile(None)
        ours = {str(Path(file).relative_to(ROOT)) for file in called if file.startswith(f"{ROOT}/")}
        ours = {file for file in ours if not file.startswith(".venv")}
        assert ours - {"tests/projections/test_every_view.py"} <= sources(type(view).__module__)
