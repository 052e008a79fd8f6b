"""Evidence packs: does an untouched pack hold, and does the report name every change?"""

import ast
import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregate import Record
from domain.ledger import OrderLedger
from domain.log.records import digest_of
from domain.money import Amount
from domain.order.commands import ReceivePayment
from domain.proof import checkpoint, merkle, verify
from domain.proof import pack as packing
from domain.proof.pack import Continuation, StoredRecord, pack
from projections.orders.documents import staff_document
from tests.conftest import ME, do, new_order
from tests.proof.logs import KEY, NAME, VERIFIER_KEY, Log, an_order, document, histories, signed_note

PROVEN = ("events.jsonl", "order.json", "proofs.json", "checkpoint.txt", "key.txt")


@pytest.fixture(scope="module")
def log() -> Log:
    """A log of seven orders, one after the other."""
    made = Log()
    for number in range(1, 8):
        made.append(an_order(number)[1])
    return made


@pytest.fixture(scope="module")
def files(log: Log) -> dict[str, bytes]:
    """The files of the fourth order's pack."""
    return unzipped(log.evidence(UUID(int=4), earlier=(20, 64)))


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def failing(files: dict[str, bytes], key: str | None = None, kept: bytes | None = None) -> list[str]:
    """The names of the checks that fail in the report."""
    said, failed = verify.examine(files, [], key, kept)
    assert said[-1].startswith("It does NOT hold" if failed else "All of it holds")
    return failed


def listed_anew(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest that fits them, as a forger makes it."""
    parts = {name: content for name, content in files.items() if name != packing.MANIFEST}
    return {**parts, packing.MANIFEST: packing.manifest(parts)}


def changed(files: dict[str, bytes], name: str, place: int, to: int | None = None) -> dict[str, bytes]:
    """The files, with one byte of the file `name` changed."""
    content = bytearray(files[name])
    content[place] = content[place] ^ 1 if to is None else to
    return {**files, name: bytes(content)}


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(program), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def unpack(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


# --- It holds ---


def test_a_pack_holds_from_its_own_folder_without_any_argument(files: dict[str, bytes], tmp_path: Path) -> None:
    done = run(unpack(files, tmp_path / "pack") / "verify.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All of it holds, if the key in key.txt is the key of the ledger.\n")
    assert done.stdout.count("\n  holds ") == 7


def test_a_pack_holds_as_the_zip_it_came_in(log: Log, files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "evidence.zip").write_bytes(log.evidence(UUID(int=4), earlier=(20,)))
    (tmp_path / "kept.txt").write_bytes(log.checkpoint(20))
    program = unpack({"verify.py": files["verify.py"]}, tmp_path / "elsewhere") / "verify.py"
    done = run(
        program,
        str(tmp_path / "evidence.zip"),
        *("--key", str(VERIFIER_KEY), "--checkpoint", str(tmp_path / "kept.txt")),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All of it holds.\n")
    assert "begins with the 20 records of your checkpoint" in done.stdout


def test_every_older_python_that_is_here_runs_the_verifier(files: dict[str, bytes], tmp_path: Path) -> None:
    program = unpack(files, tmp_path / "pack") / "verify.py"
    found = [shutil.which(f"python3.{minor}") for minor in range(8, 15)]
    for python in [sys.executable, *filter(None, found)]:
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0:
            done = subprocess.run([python, "-I", "-W", "error", str(program)], capture_output=True, check=False)
            assert (done.returncode, done.stderr) == (0, b""), python


def test_verify_needs_the_standard_library_alone_and_the_grammar_of_python_3_8(files: dict[str, bytes]) -> None:
    tree = ast.parse(files["verify.py"], feature_version=(3, 8))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_a_pack_of_a_real_ledger_holds(ledger: OrderLedger, tmp_path: Path) -> None:
    for number in range(5):
        body = {"id": number, "first_name": "علی"}
        outcome = do(ledger.create, new_order(customer=body, items=[{"unit_price": "79.99"}], notes="a\nb"), ME)
        payment = ReceivePayment(amount=Amount("79.99"), provider="stripe", reference=f"pi_{number}")
        outcome = do(ledger.change, outcome.order.uuid, payment, ME)
    rows = ledger.log_of_events.reader.execute("SELECT * FROM events ORDER BY position").fetchall()
    records = [StoredRecord(*row) for row in rows]
    log = Log()
    log.records = records
    log.nodes.update(((level, i), node) for level, i, node in merkle.append(0, [r.digest for r in records], log.get))
    content = log.evidence(outcome.order.uuid, document=staff_document(outcome.order))
    assert failing(unzipped(content), str(VERIFIER_KEY), log.checkpoint()) == []


def first_changed(records: list[StoredRecord], topic: str, change: Callable[[dict[str, object]], object]) -> Log:
    """A log of these records whose first record has another topic and payload."""
    payload = json.loads(records[0].payload)
    change(payload)
    made = Log()
    made.records = records_with(records, 1, topic=topic, payload=json.dumps(payload, ensure_ascii=False))
    leaves = [record.digest for record in made.records]
    made.nodes.update(((level, i), node) for level, i, node in merkle.append(0, leaves, made.get))
    return made


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "CLF"])
def test_a_pack_of_an_order_created_in_the_first_version_holds(currency: str) -> None:
    uuid, events = an_order(1, currency)
    made = Log()
    made.append(events)
    second = failing(unzipped(made.evidence(uuid)), str(VERIFIER_KEY))
    first = first_changed(made.records, "order.created.v1", lambda payload: payload.pop("digits"))
    assert '"digits"' not in first.records[0].payload
    assert (failing(unzipped(first.evidence(uuid)), str(VERIFIER_KEY)), second) == ([], [])


def test_digits_that_are_not_those_of_the_amounts_are_named() -> None:
    uuid, events = an_order(1)
    made = Log()
    made.append(events)
    forged = first_changed(made.records, "order.created.v2", lambda payload: payload.update(digits=3))
    said, failed = verify.examine(unzipped(forged.evidence(uuid, document=document(made.records))), [])
    assert failed == ["events.jsonl"]
    assert any("the digits of USD are not those of the shipping cost" in line for line in said)


def test_the_parts_decide_every_byte_of_a_pack(log: Log) -> None:
    once, again = (log.evidence(UUID(int=4)) for _ in range(2))
    assert once == again
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert archive.namelist() == sorted(verify.FILES)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_manifest_is_what_sha256sum_writes(files: dict[str, bytes]) -> None:
    lines = files["manifest.txt"].decode().splitlines()
    assert lines == [
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files) if name != "manifest.txt"
    ]


@settings(deadline=None, max_examples=100)
@given(histories(UUID(int=7)))
def test_the_document_is_made_anew_as_the_ledger_makes_it_whatever_happened_to_the_order(
    events: list[Record],
) -> None:
    log = Log()
    log.append(events)
    content = unzipped(log.evidence(UUID(int=7)))
    stated = verify.read_json("order.json", content["order.json"].decode())
    assert list(verify.differences(stated, verify.document(verify.fold(verify.records_of(content), {})), "")) == []


def test_orders_in_every_kind_of_currency_have_packs_that_hold() -> None:
    log = Log()
    for number, currency in enumerate(("USD", "JPY", "KWD", "CLF"), 1):
        log.append(an_order(number, currency)[1])
    assert [failing(unzipped(log.evidence(UUID(int=number)))) for number in range(1, 5)] == [[]] * 4


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 300), st.data())
def test_records_are_proven_wherever_they_stand_in_the_log(size: int, data: st.DataObject) -> None:
    log, (uuid, events) = Log(), an_order(1)
    before = data.draw(st.integers(0, size))
    for number in range(2, 2 + before):
        log.append(an_order(number)[1][:1])
    log.append(events)
    for number in range(2 + before, 2 + size):
        log.append(an_order(number)[1][:1])
    first = data.draw(st.integers(0, len(log.records)))
    assert failing(unzipped(log.evidence(uuid, earlier=(first,))), kept=log.checkpoint(first)) == []


# --- It does not hold: one byte ---


@pytest.mark.parametrize("name", verify.FILES)
def test_a_changed_byte_of_any_file_fails_and_names_the_file(files: dict[str, bytes], name: str) -> None:
    dice = random.Random(name)
    for place in dice.sample(range(len(files[name])), min(50, len(files[name]))):
        to = dice.choice([None, *{32, 48, 0, 255} - {files[name][place]}])
        said, failed = verify.examine(changed(files, name, place, to), [])
        assert failed
        assert any("FAILS" in line and name in line for line in said), (place, to)


@pytest.mark.parametrize("name", PROVEN)
def test_a_changed_byte_of_a_proven_file_fails_also_where_the_manifest_was_made_to_fit(log: Log, name: str) -> None:
    files = unzipped(log.evidence(UUID(int=4), earlier=(20,)))
    dice = random.Random(name)
    for place in dice.sample(range(len(files[name])), min(60, len(files[name]))):
        to = dice.choice([None, *{32, 48, 0, 255} - {files[name][place]}])
        forged = listed_anew(changed(files, name, place, to))
        said, failed = verify.examine(forged, [], kept=log.checkpoint(20))
        assert "manifest.txt" not in " ".join(failed)
        assert any("FAILS" in line and name in line for line in said), (place, to)


def test_every_byte_of_the_manifest_counts(files: dict[str, bytes]) -> None:
    for place in range(len(files["manifest.txt"])):
        with pytest.raises(verify.Wrong, match=r"manifest\.txt"):
            verify.intact(changed(files, "manifest.txt", place))


@pytest.mark.parametrize("name", verify.FILES)
def test_an_untouched_verify_says_no_to_a_folder_with_a_changed_file(
    files: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    program = unpack({"verify.py": files["verify.py"]}, tmp_path / "kept") / "verify.py"
    pack_folder = unpack(changed(files, name, len(files[name]) // 2), tmp_path / "pack")
    done = run(program, str(pack_folder))
    assert done.returncode == 1
    assert "It does NOT hold" in done.stdout
    assert name in done.stdout.partition("FAILS")[2]
    assert done.stderr == ""


@pytest.mark.parametrize("name", verify.FILES)
def test_a_missing_file_is_named(files: dict[str, bytes], name: str) -> None:
    without = {other: content for other, content in files.items() if other != name}
    assert name in failing(without)


def test_files_that_are_not_of_the_pack_are_named_as_such_and_change_nothing(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    folder = unpack({**files, "order2.json": b"{}", "\x1b[2J.txt": b""}, tmp_path / "pack")
    done = run(folder / "verify.py")
    assert done.returncode == 0
    assert "unknown 'order2.json' is not of the pack" in done.stdout
    assert "\x1b" not in done.stdout


# --- It does not hold: a forger who knows what they do, but has no key ---


def records_with(records: list[StoredRecord], version: int, **fields: object) -> list[StoredRecord]:
    """The records with one rewritten, and its digest made to fit."""

    def rewritten(record: StoredRecord) -> StoredRecord:
        record = record._replace(**fields)
        return record._replace(digest=digest_of(*record[1:-1]))

    return [rewritten(record) if record.version == version else record for record in records]


@pytest.mark.parametrize(
    "fields",
    [
        {"recorded_at": "2026-03-01T10:30:57.000001Z"},
        {"actor": "somebody else"},
        {"request_id": "another"},
        {"request_id": ""},
        {"idempotency_key": "another"},
    ],
)
def test_a_rewritten_record_has_no_proof_though_digest_document_and_manifest_fit(
    log: Log, fields: dict[str, object]
) -> None:
    records = records_with(log.of(UUID(int=4)), 12, **fields)
    content = log.evidence(UUID(int=4), records=records, document=document(records))
    assert failing(unzipped(content)) == ["proofs.json, events.jsonl or checkpoint.txt"]


def test_a_rewritten_payment_has_no_proof(log: Log) -> None:
    records = log.of(UUID(int=4))
    paid = next(record for record in records if record.topic == "order.payment_received.v2")
    payload = paid.payload.replace('"amount":"100.00"', '"amount":"900.00"')
    assert payload != paid.payload
    records = records_with(records, paid.version, payload=payload)
    content = log.evidence(UUID(int=4), records=records, document=document(records))
    said, failed = verify.examine(unzipped(content), [])
    assert failed == ["proofs.json, events.jsonl or checkpoint.txt"]
    assert any(f"version {paid.version} is not proven to be record {paid.position} of the log" in line for line in said)


def test_a_log_signed_anew_by_the_forger_holds_until_the_key_or_a_kept_checkpoint_is_compared(log: Log) -> None:
    forger = Ed25519PrivateKey.generate()
    forged = Log()
    for number in range(1, 8):
        forged.append(an_order(number, "JPY")[1])
    size = len(forged.records)
    content = unzipped(
        forged.evidence(
            UUID(int=4),
            checkpoint=checkpoint.sign(forger, NAME, size, merkle.root(size, forged.get)),
            key=checkpoint.verifier_key(forger, NAME),
        )
    )
    said, failed = verify.examine(content, [])
    assert failed == []
    assert "if the key in key.txt is the key of the ledger" in said[-1]
    assert failing(content, key=str(VERIFIER_KEY)) == ["key.txt"]
    assert failing(content, kept=log.checkpoint(20)) == ["your checkpoint"]


def test_a_log_rewritten_with_the_signing_key_is_caught_by_a_kept_checkpoint(log: Log) -> None:
    rewritten = Log()
    for number in range(1, 8):
        rewritten.append(an_order(number, "JPY" if number == 1 else "USD")[1])
    size = len(log.records)
    content = unzipped(rewritten.evidence(UUID(int=4), earlier=(20, size)))
    assert failing(content) == []
    for kept in (20, size):
        assert failing(content, kept=log.checkpoint(kept)) == ["checkpoint.txt or proofs.json"]


@pytest.mark.parametrize(
    "choose",
    [
        lambda records: records[:5] + records[6:],
        lambda records: records[1:],
        lambda records: [records[0], records[2], records[1], *records[3:]],
        lambda records: [*records, records[-1]],
    ],
    ids=["one left out", "the first left out", "two swapped", "one twice"],
)
def test_a_history_with_a_gap_is_no_history(
    log: Log, choose: Callable[[list[StoredRecord]], list[StoredRecord]]
) -> None:
    records = choose(log.of(UUID(int=4)))
    size = len(log.records)
    proofs = [merkle.inclusion_proof(record.position - 1, size, log.get) for record in records]
    assert "events.jsonl" in failing(unzipped(log.evidence(UUID(int=4), records=records, inclusion=proofs)))


@pytest.mark.parametrize("column", ["position", "recorded_at"])
def test_versions_that_a_log_took_in_another_order_are_refused(column: str) -> None:
    uuid, (first, second, *_) = an_order(1)
    log = Log()
    log.append([second, first] if column == "position" else [first, second])
    records = log.of(uuid)
    if column == "recorded_at":
        records = records_with(records, 1, recorded_at="2026-03-01T11:00:00.000000Z")
        log.nodes.update({(0, 0): records[0].digest, (1, 0): merkle.node_hash(*(record.digest for record in records))})
    said, failed = verify.examine(unzipped(log.evidence(uuid, records=records)), [])
    assert failed == ["events.jsonl"]
    assert any(f"the versions do not follow each other in {column}" in line for line in said)


@pytest.mark.parametrize("which", [(0, 0), (1, 1)], ids=["created twice", "never created"])
def test_a_history_begins_with_the_orders_creation_and_has_no_other(which: tuple[int, int]) -> None:
    uuid, events = an_order(1)
    log = Log()
    log.append([Record(uuid, version, events[i].event) for version, i in enumerate(which, 1)])
    said, failed = verify.examine(unzipped(log.evidence(uuid, document=b"{}")), [])
    assert failed == ["events.jsonl"]
    assert any("the first event, and no other, must be the order's creation" in line for line in said)


def test_a_record_of_another_order_does_not_belong(log: Log) -> None:
    records = [*log.of(UUID(int=4))[:3], log.of(UUID(int=5))[3]]
    size = len(log.records)
    proofs = [merkle.inclusion_proof(record.position - 1, size, log.get) for record in records]
    content = log.evidence(UUID(int=4), records=records, inclusion=proofs, document=document(records[:3]))
    assert "events.jsonl" in failing(unzipped(content))


def test_a_record_is_not_proven_at_a_position_that_is_not_its_own(log: Log) -> None:
    records = [record._replace(position=record.position + 1) for record in log.of(UUID(int=4))]
    assert failing(unzipped(log.evidence(UUID(int=4), records=records))) == [
        "proofs.json, events.jsonl or checkpoint.txt"
    ]


def test_a_history_that_ends_earlier_holds_and_it_is_said_that_no_pack_shows_the_end(log: Log) -> None:
    records = log.of(UUID(int=4))[:5]
    proofs = [merkle.inclusion_proof(record.position - 1, len(log.records), log.get) for record in records]
    content = log.evidence(UUID(int=4), records=records, inclusion=proofs, document=document(records))
    said, failed = verify.examine(unzipped(content), [])
    assert failed == []
    assert any("versions 1 to 5 of order" in line for line in said)
    assert any("Not shown by any pack: that the order has no later events" in line for line in said)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "completed"),
        ("total", 1),
        ("amount_paid", 100),
        ("is_paid", 0),
        ("notes", ""),
        ("payments", []),
        ("billing_city", None),
        ("invented", None),
    ],
)
def test_a_document_that_says_something_else_is_refused_by_its_field(log: Log, field: str, value: object) -> None:
    stated = {**json.loads(document(log.of(UUID(int=4)))), field: value}
    content = log.evidence(UUID(int=4), document=json.dumps(stated).encode())
    said, failed = verify.examine(unzipped(content), [])
    assert failed == ["order.json"]
    assert any(f"it is not what the events make, in '{field}'" in line for line in said)


def test_a_document_without_a_field_is_refused_by_that_field(log: Log) -> None:
    stated = json.loads(document(log.of(UUID(int=4))))
    del stated["notes"]
    said, failed = verify.examine(unzipped(log.evidence(UUID(int=4), document=json.dumps(stated).encode())), [])
    assert failed == ["order.json"]
    assert any("it is not what the events make, in 'notes'" in line for line in said)


def test_a_document_with_a_field_twice_is_refused(log: Log) -> None:
    stated = document(log.of(UUID(int=4)))
    twice = stated[:-1] + b',"status":"processing"}'
    assert failing(unzipped(log.evidence(UUID(int=4), document=twice))) == ["order.json"]


def test_an_event_of_a_kind_that_is_not_known_is_refused_and_not_passed_over(log: Log) -> None:
    records = records_with(log.of(UUID(int=4)), 15, topic="order.blessed.v1")
    said, failed = verify.examine(
        unzipped(log.evidence(UUID(int=4), records=records, document=document(log.of(UUID(int=4))))), []
    )
    assert "events.jsonl" in failed
    assert any("does not know events of the kind 'order.blessed.v1'" in line for line in said)


def head(log: Log) -> str:
    """The text that the log's checkpoint signs."""
    return log.checkpoint().decode().partition("\n\n")[0] + "\n"


def test_signatures_of_witnesses_are_passed_over(log: Log) -> None:
    witness = signed_note(head(log), Ed25519PrivateKey.generate(), "witness.example").partition(b"\n\n")[2]
    assert failing(unzipped(log.evidence(UUID(int=4), checkpoint=log.checkpoint() + witness))) == []


def test_a_wrong_signature_by_the_key_spoils_the_right_one(log: Log) -> None:
    other = signed_note("another\ntext\n").partition(b"\n\n")[2]
    assert failing(unzipped(log.evidence(UUID(int=4), checkpoint=log.checkpoint() + other))) == ["checkpoint.txt"]


def test_the_key_of_one_log_does_not_speak_for_another(log: Log) -> None:
    of_another = signed_note(head(log).replace(NAME, "shop.example/other"))
    assert failing(unzipped(log.evidence(UUID(int=4), checkpoint=of_another))) == ["checkpoint.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "{name}\n01\n{root}\n",
        "{name}\n105\nAAAA\n",
        "{name}\n105\n{root}\n\nmore\n",
        "{name}\n105\n{root}\nan extension\twith a tab\n",
        "x\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused_however_well_it_is_signed(log: Log, text: str) -> None:
    name, _, root = head(log).splitlines()
    note = signed_note(text.format(name=name, root=root))
    assert "checkpoint.txt" in failing(unzipped(log.evidence(UUID(int=4), checkpoint=note)))


def test_a_signature_whose_base64_is_written_another_way_is_refused(log: Log) -> None:
    *_, last, _, _ = log.checkpoint().decode()  # behind `last` are a padding sign and the newline
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spare = alphabet[alphabet.index(last) ^ 1]
    note = log.checkpoint()[:-3] + spare.encode() + b"=\n"
    assert "checkpoint.txt" in failing(unzipped(log.evidence(UUID(int=4), checkpoint=note)))


@pytest.mark.parametrize("change", [lambda path: [*path, bytes(32)], lambda path: path[:-1], lambda path: path[::-1]])
def test_a_path_of_another_length_or_order_proves_nothing(
    log: Log, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    size = len(log.records)
    first, *others = (merkle.inclusion_proof(r.position - 1, size, log.get) for r in log.of(UUID(int=4)))
    content = log.evidence(UUID(int=4), inclusion=[change(first), *others])
    assert failing(unzipped(content)) == ["proofs.json, events.jsonl or checkpoint.txt"]


# --- The auditor's own key and checkpoint ---


def test_a_checkpoint_of_the_same_size_needs_no_proof(log: Log, files: dict[str, bytes]) -> None:
    assert failing(files, kept=log.checkpoint()) == []


def test_the_checkpoint_of_an_empty_log_needs_no_proof(log: Log, files: dict[str, bytes]) -> None:
    assert failing(files, kept=log.checkpoint(0)) == []


def test_an_earlier_checkpoint_without_a_proof_in_the_pack_is_not_taken_on_trust(
    log: Log, files: dict[str, bytes]
) -> None:
    assert failing(files, kept=log.checkpoint(64)) == []
    assert failing(files, kept=log.checkpoint(63)) == ["proofs.json"]


def test_a_pack_that_is_older_than_the_checkpoint_is_refused(log: Log, files: dict[str, bytes]) -> None:
    longer = Log()
    longer.records, longer.nodes = list(log.records), dict(log.nodes)
    longer.append(an_order(8)[1])
    assert failing(files, kept=longer.checkpoint()) == ["checkpoint.txt"]


def test_a_proof_of_continuation_that_is_another_ones_is_refused(log: Log) -> None:
    proof = merkle.consistency_proof(21, len(log.records), log.get)
    content = unzipped(log.evidence(UUID(int=4), continuations=[Continuation(20, proof)]))
    assert failing(content) == []
    assert failing(content, kept=log.checkpoint(20)) == ["checkpoint.txt or proofs.json"]


@pytest.mark.parametrize("kept", [b"", b"\xff", b"not a checkpoint"])
def test_a_text_that_is_no_checkpoint_is_unreadable_and_no_fault_of_the_pack(
    files: dict[str, bytes], kept: bytes, tmp_path: Path
) -> None:
    with pytest.raises(verify.Unreadable, match="your checkpoint"):
        verify.examine(files, [], kept=kept)
    program = unpack(files, tmp_path / "pack") / "verify.py"
    (tmp_path / "kept.txt").write_bytes(kept)
    done = run(program, "--checkpoint", str(tmp_path / "kept.txt"))
    assert done.returncode == 2
    assert "cannot be read" in done.stdout
    assert "NOT hold" not in done.stdout


def test_a_file_of_many_signed_heads_is_compared_with_each_of_which_the_pack_has_a_proof(log: Log) -> None:
    proof = merkle.consistency_proof(20, len(log.records), log.get)
    content = unzipped(log.evidence(UUID(int=4), continuations=[Continuation(20, proof)]))
    many = log.checkpoint(0) + log.checkpoint(7) + b"\n" + log.checkpoint(20) + log.checkpoint() + b"\n\n"
    said, failed = verify.examine(content, [], kept=many)
    assert failed == []
    assert any(f"begins with the {len(log.records)} records of your checkpoint" in line for line in said)
    forged = log.checkpoint(20).replace(b"\n20\n", b"\n21\n")
    # The pack has no proof for 21, so the forged head is not compared.
    assert failing(content, kept=log.checkpoint(0) + forged) == []
    altered = log.checkpoint(20).replace(b"\n20\n", b"\n0\n")
    assert failing(content, kept=many + altered) == ["your checkpoint"]


@pytest.mark.parametrize("key", ["", "key", str(VERIFIER_KEY)[:-1], str(VERIFIER_KEY).replace("shop", "stop")])
def test_a_text_that_is_no_verifier_key_is_unreadable(files: dict[str, bytes], key: str) -> None:
    with pytest.raises(verify.Unreadable, match="the key you gave"):
        verify.examine(files, [], key=key)


def test_a_call_that_names_no_pack_is_a_wrong_call(files: dict[str, bytes], tmp_path: Path) -> None:
    program = unpack(files, tmp_path / "pack") / "verify.py"
    for arguments in (["nowhere.zip"], ["--checkpoint", "nowhere.txt"], ["--unknown"]):
        done = run(program, *arguments)
        assert done.returncode == 2
        assert "usage:" in done.stderr
        assert "Traceback" not in done.stderr


# --- The zip ---


def test_a_damaged_zip_is_refused_in_words_wherever_the_damage_is(log: Log, tmp_path: Path) -> None:
    content, whole = log.evidence(UUID(int=1)), unzipped(log.evidence(UUID(int=1)))
    path, dice = tmp_path / "evidence.zip", random.Random(1)
    directory = content.rindex(b"PK\x01\x02" + content[content.index(b"PK\x01\x02") + 4 :][:6])
    for place in [*range(directory, len(content)), *dice.sample(range(directory), 300)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            read, _ = verify.read_pack(str(path))
        except verify.Wrong:
            continue
        # Bytes outside the content (a time stamp, a flag) may differ. A changed file fails its CRC, or is missing.
        assert all(read[name] == whole[name] for name in read), place


def test_a_file_that_is_in_the_zip_twice_is_refused(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(log.evidence(UUID(int=4)))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("order.json", b"{}")
    with pytest.raises(verify.Wrong, match=r"order\.json: it is in the zip twice"):
        verify.read_pack(str(path))


def test_a_zip_that_would_not_fit_into_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("order.json", "w") as file,
    ):
        for _ in range(verify.FILE_BYTES_MAX // (1 << 22) + 1):
            file.write(bytes(1 << 22))
    with pytest.raises(verify.Wrong, match=r"order\.json: it is larger than"):
        verify.read_pack(str(path))


# --- The pack's own readers, as strict as the log ---


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"null",
        b"1",
        b"{}",
        b'{"position":1}',
        b'{"position":NaN}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_record_is_refused_in_words(files: dict[str, bytes], line: bytes) -> None:
    failed = failing(listed_anew({**files, "events.jsonl": line + b"\n"}))
    assert "events.jsonl" in failed


@pytest.mark.parametrize(
    ("column", "value"),
    [("version", True), ("version", 1.0), ("version", "1"), ("payload", {}), ("actor", None), ("digest", 0)],
)
def test_a_column_of_another_type_is_refused(files: dict[str, bytes], column: str, value: object) -> None:
    lines = files["events.jsonl"].splitlines(keepends=True)
    first = json.dumps({**json.loads(lines[0]), column: value}).encode() + b"\n"
    with pytest.raises(verify.Wrong, match="not records of the log"):
        verify.records_of({"events.jsonl": b"".join([first, *lines[1:]])})


def test_every_record_needs_its_own_proof(log: Log) -> None:
    records = log.of(UUID(int=4))
    with pytest.raises(ValueError, match="zip"):
        pack(
            document=b"{}",
            records=records,
            inclusion=[[]] * (len(records) - 1),
            checkpoint=checkpoint.sign(KEY, NAME, 0, merkle.EMPTY_ROOT),
            key=VERIFIER_KEY,
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda shown: [{**shown[0], "text": "{}"}, *shown], "is in it twice"),
        (lambda shown: [{**shown[0], "remark": "a liar"}, *shown[1:]], "it is no list of parts"),
    ],
)
def test_a_shown_part_twice_or_with_an_unknown_field_is_refused(change: Any, why: str) -> None:
    shown = [{"version": 1, "part": "contact", "salt": "AA==", "text": "{}"}]
    files = {"personal.json": json.dumps(change(shown)).encode()}
    with pytest.raises(verify.Wrong, match=why):
        verify.personal_of(files)
    assert verify.personal_of({"personal.json": json.dumps(shown).encode()}).keys() == {(1, "contact")}
