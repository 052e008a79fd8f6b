"""Is personal data sealed when it is recorded, and opened only for those who may see it?"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.importing import import_lines
from domain.ledger import OrderLedger
from domain.log.mapper import EventMapper, KeysMissing
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance, RawRecord, digest_of
from domain.log.sqlite import sqlite3
from domain.order.commands import ChangedItem, ChangeItem, ChangeOrder, ChangeStatus, GiveToCustomer
from domain.order.events import OrderCreated
from domain.privacy import sqlite_keys
from domain.privacy.keyring import Keyring
from domain.privacy.masters import MastersLocation, MasterUnknown
from domain.privacy.opening import KeysLocation, LedgerLocation, SealedSince, WrongKeys, create_keys, keys_of
from domain.privacy.sealing import Place, Sealing, seal
from domain.privacy.sqlite_keys import SQLiteKeyStore
from domain.proof.verify import examine
from domain.refusals import IdempotencyKeyReused
from domain.strict_json import canonical, convert
from domain.topics import TOPICS
from projections.history import HistoryReader
from projections.proof.evidence import evidence
from projections.proof.signing import Checkpoints, create_key
from projections.proof.verification import check_part
from projections.views.views import Views
from tests.conftest import ME, Clock, do, new_order
from tests.privacy.conftest import MINA, WORDS, found_in, keys_at, sealed_ledger
from tests.projections.histories import play
from tests.projections.rows import anew, rows
from tests.tampering import tamper, without_triggers
from tests.waiting import until


def payloads(ledger: OrderLedger) -> list[tuple[str, dict[str, Any]]]:
    return [(raw.topic.decode(), json.loads(raw.payload)) for raw in ledger.log_of_events.raw_records()]


def test_nothing_personal_stands_in_the_log_and_the_order_is_read_as_it_was_given(
    ledger: OrderLedger, tmp_path: Path
) -> None:
    order = do(ledger.create, new_order(**MINA), ME).order
    order = do(ledger.change, order.uuid, convert({"notes": "at Schlossgarten"}, ChangeOrder), ME).order
    order = do(ledger.change, order.uuid, ChangeStatus(status="hold", reason="Mina called"), ME).order
    assert ledger.order(order.uuid) == order
    assert order.billing.address == "Neckarhalde 17"
    ledger.close()
    assert found_in(tmp_path, WORDS) == {}


def test_the_stored_form_is_plain_json_with_the_sealed_parts_and_country_stays(ledger: OrderLedger) -> None:
    do(ledger.create, new_order(**MINA), ME)
    (topic, created), (item_topic, _) = payloads(ledger)
    assert topic == "order.created.v2+sealed"
    assert item_topic == "order.item_added.v1"
    assert created["personal"]["billing"] == {"country": {"id": 1, "name": "Germany", "code": "DE"}}
    for part in ("contact", "invoice"):
        sealed = created["personal"][part]
        assert list(sealed) == ["key", "hash", "data"]
        assert len(base64.b64decode(sealed["hash"])) == 32
        assert (len(base64.b64decode(sealed["data"])) - 12 - 16) % 32 == 0, "padded, so that lengths do not show"


def test_an_event_without_personal_data_is_recorded_as_it_is(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(items=[{"unit_price": "1"}]), ME).order
    do(ledger.change, order.uuid, ChangeStatus(status="hold"), ME)
    assert [topic.partition("+")[2] for topic, _ in payloads(ledger)] == ["", "", ""]


def test_a_part_is_bound_to_its_hash_by_a_salt_that_only_its_key_makes(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(**MINA), ME).order
    raw = next(ledger.log_of_events.raw_records())
    sealing = EventMapper(ledger.keys).sealing
    assert sealing is not None
    shown = sealing.opened_parts(raw.payload, Place(order.uuid, 1, raw.topic))
    personal = json.loads(raw.payload)["personal"]
    assert shown.keys() == {"contact", "invoice"}
    for part, opened in shown.items():
        assert opened is not None
        assert base64.b64encode(hashlib.sha256(opened.salt + opened.text).digest()).decode() == personal[part]["hash"]
        assert base64.b64encode(hashlib.sha256(opened.text).digest()).decode() != personal[part]["hash"]


def test_a_key_is_of_one_subject_part_and_year(ledger: OrderLedger, clock: Clock) -> None:
    for days in (0, 10, 400):
        clock.tick(days=days)
        do(ledger.create, new_order(**MINA), ME)
    guest = do(ledger.create, new_order(notes="Schlossgarten"), ME).order
    assert ledger.keys is not None
    keys = [(key.subject, key.part, key.year) for key in ledger.keys.store.each()]
    assert sorted(keys) == [
        *(("customer:7", part, year) for part in ("contact", "invoice") for year in (2026, 2027)),
        (f"order:{guest.uuid}", "contact", 2027),
    ]


def test_ids_of_keys_that_are_made_in_one_transaction_begin_alike_and_others_do_not(ledger: OrderLedger) -> None:
    """The ids stand side by side in the store, so an import writes one page of it instead of a hundred."""
    for customer in (7, 8):
        do(ledger.create, new_order(**MINA | {"customer": MINA["customer"] | {"id": customer}}), ME)
    assert ledger.keys is not None
    ids = [key.id for subject in ("customer:7", "customer:8") for key in ledger.keys.store.of_subject(subject)]
    assert ([len(key_id) for key_id in ids], len(set(ids))) == ([12] * 4, 4)
    assert [key_id[:4] for key_id in ids] == [ids[0][:4]] * 2 + [ids[2][:4]] * 2
    assert ids[0][:4] != ids[2][:4]


def test_a_key_that_is_not_known_stops_the_reader_by_its_name_and_is_never_taken_for_erased(
    ledger: OrderLedger, tmp_path: Path
) -> None:
    order = do(ledger.create, new_order(**MINA), ME).order
    ledger.close()
    assert ledger.keys is not None
    key = next(ledger.keys.store.each()).id
    tamper(tmp_path / "keys.db", "DELETE FROM data_keys")
    elsewhere = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), keys=keys_at(tmp_path))
    with pytest.raises(KeysMissing, match=f"position 1: the key (?:{key}|[\\w-]+) is not known"):
        elsewhere.order(order.uuid)
    elsewhere.close()


def test_a_ledger_without_its_keys_or_with_anothers_is_not_opened(tmp_path: Path, clock: Clock) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        made = sealed_ledger(tmp_path / folder, clock)
        do(made.create, new_order(**MINA), ME)
        made.close()
    log = SQLiteRecorder(tmp_path / "one" / "ledger.db")
    with pytest.raises(WrongKeys, match=r"keys\.db is missing"):
        keys_of(log, keys_at(tmp_path / "elsewhere"), clock())
    with pytest.raises(WrongKeys, match="is sealed by the keyring"):
        keys_of(log, keys_at(tmp_path / "other"), clock())
    at = KeysLocation(tmp_path / "one" / "keys.db", MastersLocation(tmp_path / "other" / "master.key"))
    order = OrderLedger(log, keys=at)
    with pytest.raises(KeysMissing, match="master key"):
        order.order(order.uuid_of(1))
    with pytest.raises(MasterUnknown, match="there is no master key"):
        OrderLedger(log, keys=KeysLocation(tmp_path / "one" / "keys.db", MastersLocation(tmp_path / "none"))).close()
    log.close()


def test_a_ledger_that_was_begun_without_keys_stays_plain(tmp_path: Path, clock: Clock) -> None:
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock)
    do(plain.create, new_order(**MINA), ME)
    assert keys_of(plain.log_of_events, keys_at(tmp_path), clock()) is None
    assert not (tmp_path / "keys.db").exists()
    plain.close()


def test_a_process_that_opened_the_ledger_before_its_keys_records_nothing_unsealed(
    tmp_path: Path, clock: Clock
) -> None:
    plain = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"), clock=clock, is_plain=True)
    order = do(plain.create, new_order(items=[{"unit_price": "1"}]), ME).order
    create_keys(plain.log_of_events, keys_at(tmp_path), clock())
    with pytest.raises(SealedSince):
        do(plain.create, new_order(**MINA), ME)
    with pytest.raises(SealedSince):
        do(plain.change, order.uuid, ChangeStatus(status="hold", reason="Mina called"), ME)
    plain.close()
    sealed = sealed_ledger(tmp_path, clock)
    do(sealed.create, new_order(**MINA), ME)
    sealed.close()
    assert found_in(tmp_path, WORDS) == {}


def test_keys_and_master_are_their_owners_alone(ledger: OrderLedger, tmp_path: Path) -> None:
    do(ledger.create, new_order(**MINA), ME)
    assert {
        path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir() if "key" in path.name
    } == dict.fromkeys(("keys.db", "keys.db-wal", "keys.db-shm", "master.key"), 384)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(MasterUnknown, match="open to others"):
        keys_at(tmp_path).masters.read()


@pytest.mark.parametrize("seed", range(3))
def test_sealed_histories_make_the_same_views_fed_or_made_anew_and_verify(
    seed: int, ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    random = Random(seed)
    play(ledger, clock, random, 120, then=lambda: random.random() < 0.3 and views.catch_up())
    views.catch_up()
    assert rows(views) == anew(ledger, tmp_path)
    found = check_part(ledger.location, views.in_force(), 1, ledger.head(), ledger.head())
    assert (found.records, found.histories, found.claims) == ([], [], [])
    views.close()


def test_an_order_that_is_new_again_for_a_reason_has_the_same_rows_fed_as_made_anew_and_verifies(
    ledger: OrderLedger, tmp_path: Path
) -> None:
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    ledger.feed = lambda written: views.catch_up(written=written)
    order = do(ledger.create, new_order(), ME).order
    for status in ("hold", "new"):
        do(ledger.change, order.uuid, convert({"status": status, "reason": "Mina called"}, ChangeStatus), ME)
    assert rows(views) == anew(ledger, tmp_path)
    assert check_part(ledger.location, views.in_force(), 1, ledger.head(), ledger.head()).histories == []
    views.close()


# --- planted attacks ---


def attacked(payload: bytes, other: bytes, random: Random) -> bytes:
    """The payload of a sealed event, altered as by an attacker who can write to the file.

    `other` is another sealed event's.
    """
    tree, foreign = json.loads(payload), json.loads(other)
    parts = [part for part in ("contact", "invoice") if part in tree["personal"]]
    part = random.choice(parts)
    sealed = tree["personal"][part]
    strange = random.choice(
        [foreign["personal"][name] for name in ("contact", "invoice") if name in foreign["personal"]]
    )
    data = base64.b64decode(sealed["data"])
    kinds = ["moved", "truncated", "flipped", "forged hash", "another's key"]
    kind = random.choice(kinds + ["swapped"] * (len(parts) == 2))
    if kind == "moved":
        tree["personal"][part] = strange
    elif kind == "swapped":
        held = tree["personal"]
        held["contact"], held["invoice"] = held["invoice"], held["contact"]
    elif kind == "truncated":
        sealed["data"] = base64.b64encode(data[: random.randrange(len(data))]).decode()
    elif kind == "flipped":
        place = random.randrange(len(data))
        sealed["data"] = base64.b64encode(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]).decode()
    elif kind == "forged hash":
        sealed["hash"] = base64.b64encode(random.randbytes(32)).decode()
    else:
        sealed["key"] = strange["key"]
    return json.dumps(tree, separators=(",", ":")).encode()


def test_200_planted_attacks_on_sealed_parts_are_found_each_at_its_position(
    ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    for number in range(220):
        customer = {**MINA["customer"], "id": number}
        do(ledger.create, new_order(**{**MINA, "customer": customer}), ME)
    head = ledger.head()
    ledger.close()
    random = Random(7)
    log = SQLiteRecorder(tmp_path / "ledger.db")
    sealed = [raw for raw in log.raw_records() if TOPICS[raw.topic].is_sealed]
    planted = sorted(random.sample(range(len(sealed)), 200))
    with without_triggers(tmp_path / "ledger.db") as tampering:
        for place in planted:
            raw = sealed[place]
            payload = attacked(raw.payload, sealed[place - 1].payload, random)
            if payload == raw.payload:
                payload = raw.payload.replace(b'"hash":"', b'"hash":"A')
            put_payload(tampering, raw, payload)
    found = check_part(LedgerLocation(log.url, keys_at(tmp_path)), None, 1, head, head)
    assert {problem.position for problem in found.records} == {sealed[place].position for place in planted}
    log.close()


@pytest.fixture
def sealed_earlier(ledger: OrderLedger, tmp_path: Path) -> Path:
    """A ledger whose one order was sealed by an earlier version, which bound the parts to their place alone."""
    order = do(ledger.create, new_order(**MINA), ME).order
    raw = next(ledger.log_of_events.raw_records())
    sealing = EventMapper(ledger.keys).sealing
    assert sealing is not None
    place = Place(order.uuid, 1, raw.topic)
    tree = json.loads(raw.payload)
    for part, shown in sealing.opened_parts(raw.payload, place).items():
        sealed = tree["personal"][part]
        key = sealing.keys.open(sealed["key"])
        assert key is not None
        assert shown is not None
        data = base64.b64decode(sealed["data"])
        bound = place.bound(part)
        padded = key.aead.decrypt(data[:12], data[12:], bound + b"\0" + sealed["hash"].encode())
        sealed["data"] = base64.b64encode(data[:12] + key.aead.encrypt(data[:12], padded, bound)).decode()
    ledger.close()
    put_tree(tmp_path, raw, tree)
    return tmp_path


def put_payload(tampering: sqlite3.Connection, raw: RawRecord, payload: bytes) -> None:
    """Puts another payload in the place of a record's, with the digest that it should have."""
    digest = digest_of(*raw._replace(payload=payload)[1:-1])
    tampering.execute(
        "UPDATE events SET payload = ?, digest = ? WHERE position = ?", (payload.decode(), digest, raw.position)
    )


def put_tree(folder: Path, raw: RawRecord, tree: dict[str, Any]) -> None:
    with without_triggers(folder / "ledger.db") as tampering:
        put_payload(tampering, raw, json.dumps(tree, separators=(",", ":")).encode())


def test_parts_that_an_earlier_version_sealed_open_and_their_hashes_are_compared(
    sealed_earlier: Path, clock: Clock
) -> None:
    with closing(sealed_ledger(sealed_earlier, clock)) as ledger:
        order = ledger.order(UUID(next(ledger.log_of_events.raw_records()).order))
        assert (order.billing.address, order.notes) == (MINA["billing_address"], MINA["notes"])
        assert check_part(ledger.location, None, 1, ledger.head(), ledger.head()).records == []
        raw = next(ledger.log_of_events.raw_records())
        for part, forged in product(("contact", "invoice"), ("", base64.b64encode(bytes(32)).decode())):
            tree = json.loads(raw.payload)
            tree["personal"][part]["hash"] = forged
            put_tree(sealed_earlier, raw, tree)
            (found,) = check_part(ledger.location, None, 1, ledger.head(), ledger.head()).records
            assert (found.position, found.reason) == (1, "a sealed part has another hash than its text")


@pytest.mark.parametrize("field", ["hash", "data"])
@pytest.mark.parametrize("value", [None, 7, "ä", "=", []], ids=repr)
def test_a_malformed_sealed_part_is_a_problem_of_its_position(
    field: str, value: object, ledger: OrderLedger, tmp_path: Path
) -> None:
    do(ledger.create, new_order(**MINA), ME)
    raw = next(ledger.log_of_events.raw_records())
    tree = json.loads(raw.payload)
    tree["personal"]["contact"][field] = value
    put_tree(tmp_path, raw, tree)
    assert check_part(ledger.location, None, 1, ledger.head(), ledger.head()).records[0].position == 1


def _broken(sealing: Sealing, place: Place, parts: dict[str, Any]) -> None:
    parts["contact"]["data"] = parts["invoice"]["data"]


def _of_another_shape(sealing: Sealing, place: Place, parts: dict[str, Any]) -> None:
    key = sealing.keys.open(parts["contact"]["key"])
    assert key is not None
    parts["contact"] = seal(key, place.bound("contact"), b'{"personal":{"notes":7}}')


@pytest.mark.parametrize("forge", [_broken, _of_another_shape])
def test_claims_of_an_event_whose_personal_data_cannot_be_read_are_compared_all_the_same(
    forge: Callable[[Sealing, Place, dict[str, Any]], None], ledger: OrderLedger, tmp_path: Path
) -> None:
    order = do(ledger.create, new_order(**MINA), ME).order
    raw = next(ledger.log_of_events.raw_records())
    sealing = EventMapper(ledger.keys).sealing
    assert sealing is not None
    tree = json.loads(raw.payload)
    forge(sealing, Place(order.uuid, 1, raw.topic), tree["personal"])
    put_tree(tmp_path, raw, tree)
    tamper(tmp_path / "ledger.db", "DELETE FROM claims WHERE kind = 'order-id'")
    found = check_part(ledger.location, None, 1, ledger.head(), ledger.head())
    assert {problem.position for problem in (*found.records, *found.histories)} == {1}
    assert [problem.reason for problem in found.claims] == ["nobody has claimed the order-id 1, which this event took"]


# --- the keys of a process that reads the whole log ---


@pytest.fixture
def reading(ledger: OrderLedger, tmp_path: Path) -> Iterator[tuple[Keyring, list[str]]]:
    """Another process's keyring for a log with three customers' orders, and the statements that its store runs."""
    for customer in (7, 8, 9):
        do(ledger.create, new_order(**MINA | {"customer": MINA["customer"] | {"id": customer}}), ME)
    keyring = keys_at(tmp_path).open(ledger.log_of_events)
    assert isinstance(keyring.store, SQLiteKeyStore)
    asked: list[str] = []
    keyring.store._readers.own.set_trace_callback(asked.append)
    yield keyring, asked
    keyring.store.close()


def names(ledger: OrderLedger, keyring: Keyring) -> list[str | None]:
    """The first name in each order's first event, as a reader of the whole log finds it."""
    mapper = EventMapper(keyring)
    raws = [raw for raw in ledger.log_of_events.raw_records() if raw.version == 1]
    mapper.prefetch_keys(raws)
    events = [mapper.read(raw).event for raw in raws]
    return [event.personal.billing.first_name for event in events if isinstance(event, OrderCreated)]


def test_keys_opened_at_once_are_asked_for_once_in_pieces_as_large_as_the_store_reads(
    reading: tuple[Keyring, list[str]], ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, asked = reading
    monkeypatch.setattr(sqlite_keys, "KEYS_AT_ONCE", 4)
    keyring.open_all()
    assert len(asked) == 3  # of six keys four, two, none
    assert names(ledger, keyring) == ["Wilhelmine"] * 3
    assert len(asked) == 3


def test_more_keys_than_a_process_remembers_are_not_opened_at_once(
    reading: tuple[Keyring, list[str]], ledger: OrderLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, asked = reading
    monkeypatch.setattr("domain.privacy.keyring.OPENED_MAX", 5)
    keyring.open_all()
    assert not keyring.are_all_open
    del asked[:]
    assert names(ledger, keyring) == ["Wilhelmine"] * 3
    assert asked


def test_keys_opened_at_once_are_forgotten_when_another_process_destroys_one(
    reading: tuple[Keyring, list[str]], ledger: OrderLedger, clock: Clock
) -> None:
    keyring, _ = reading
    keyring.open_all()
    assert ledger.keys is not None
    gone = [key.id for key in ledger.keys.store.of_subject("customer:8")]
    ledger.keys.destroy(gone, "an erasure", clock())
    until(lambda: names(ledger, keyring) == ["Wilhelmine", None, "Wilhelmine"])
    assert not keyring.are_all_open


# --- other places that know a name ---


def test_a_fingerprint_confirms_no_guess_and_compares_nothing_once_its_key_is_gone(
    ledger: OrderLedger, clock: Clock
) -> None:
    who = Provenance("shop", "request-1", "key-1")
    order = do(ledger.create, new_order(**MINA), who).order
    claim = ledger.log_of_events.claim("idempotency", '["shop","key-1"]')
    assert claim is not None
    guess = hashlib.sha256(b"create\n" + canonical(new_order(**MINA))).digest()
    assert claim.fingerprint is not None
    assert guess not in claim.fingerprint
    assert do(ledger.create, new_order(**MINA), who).replayed
    with pytest.raises(IdempotencyKeyReused):
        do(ledger.create, new_order(**{**MINA, "billing_address": "Neckarhalde 18"}), who)
    assert ledger.keys is not None
    ledger.keys.destroy([claim.fingerprint[:-16].decode()], "an erasure", clock())
    replayed = do(ledger.create, new_order(**{**MINA, "billing_address": "Neckarhalde 18"}), who)
    assert (replayed.replayed, replayed.order.uuid) == (True, order.uuid)


def test_the_fingerprint_of_a_command_that_repeats_what_is_recorded_confirms_no_guess(ledger: OrderLedger) -> None:
    item = {"unit_price": "40.00", "metadata": {"engraving": "for Mina"}}
    order = do(ledger.create, new_order(**{**MINA, "items": [item]}), ME).order
    repeated = (
        GiveToCustomer(id=7, email="mina@weissenberger.example"),
        ChangeItem(item=1, changed=ChangedItem(metadata={"engraving": "for Mina"})),
        ChangeItem(item=1, changed=ChangedItem(quantity=2, metadata={"engraving": "for Mina"})),
    )
    for number, command in enumerate(repeated):
        who = Provenance("shop", "request-1", f"key-{number}")
        do(ledger.change, order.uuid, command, who)
        claim = ledger.log_of_events.claim("idempotency", f'["shop","key-{number}"]')
        guess = f"{order.uuid} {type(command).__name__}\n".encode() + canonical(command)
        assert claim is not None
        assert claim.fingerprint != hashlib.sha256(guess).digest()
        assert do(ledger.change, order.uuid, command, who).replayed


def test_a_line_that_was_imported_is_known_again_by_a_keyed_fingerprint_also_once_it_is_erased(
    ledger: OrderLedger, clock: Clock
) -> None:
    line = json.dumps({**MINA, "id": 5, "key": "k5"}).encode() + b"\n"
    for _ in range(2):
        outcome = import_lines(ledger, BytesIO(line), on_rejected=refuse)
    assert (outcome.imported, outcome.skipped) == (0, 1)
    claim = ledger.log_of_events.claim("order-id", 5)
    assert claim is not None
    assert claim.fingerprint is not None
    assert len(claim.fingerprint) == 28
    assert ledger.keys is not None
    ledger.keys.destroy([key.id for key in ledger.keys.store.each()], "an erasure", clock())
    assert import_lines(ledger, BytesIO(line), on_rejected=refuse).skipped == 1


def test_a_line_that_says_something_else_is_a_conflict_also_after_an_erasure(ledger: OrderLedger, clock: Clock) -> None:
    """After the erasure the line's amounts can be compared; its fingerprint cannot, and the personal data is not."""
    items = [{"unit_price": "10.00"}]
    line = {**MINA, "id": 5, "items": items, "metadata": {"a": "b"}}
    import_lines(ledger, BytesIO(json.dumps(line).encode()), on_rejected=refuse)
    assert ledger.keys is not None
    ledger.keys.destroy([key.id for key in ledger.keys.store.each()], "an erasure", clock())
    said: list[str] = []
    renamed = {**MINA["customer"], "email": "else@example.org"}
    for other in ({"notes": "else"}, {"metadata": {"a": "c"}}, {"customer": renamed}):
        done = import_lines(ledger, BytesIO(json.dumps(line | other).encode()), on_rejected=refuse)
        assert done.skipped == 1
    dearer = line | {"items": [{"unit_price": "11.00"}]}
    done = import_lines(ledger, BytesIO(json.dumps(dearer).encode()), on_rejected=lambda _, why: said.append(why))
    assert done.rejected == 1
    assert 'unit_price is "10.00" there and "11.00" in this line' in said[0]


def refuse(number: int, reason: str) -> None:
    raise AssertionError(f"line {number}: {reason}")


@pytest.mark.parametrize("parts", [(), ("contact",), ("invoice",), ("contact", "invoice")], ids=str)
def test_the_evidence_of_any_sealed_history_holds_whichever_parts_it_shows(
    parts: tuple[str, ...], ledger: OrderLedger, clock: Clock, tmp_path: Path
) -> None:
    play(ledger, clock, Random(11), 150)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    create_key(tmp_path / "ledger.key")
    checkpoints = Checkpoints(ledger, views, key=tmp_path / "ledger.key", kept=tmp_path / "checkpoints.txt")
    reading = HistoryReader(ledger, parts)
    for (uuid,) in views.reader.execute("SELECT uuid FROM orders").fetchall():
        made = evidence(ledger, views, reading, checkpoints, UUID(uuid), since=None)
        with zipfile.ZipFile(BytesIO(made.content)) as archive:
            said, failed = examine({name: archive.read(name) for name in archive.namelist()}, [])
        assert failed == [], said
    views.close()
