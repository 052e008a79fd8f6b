"""Is the log's head signed so that anybody can check it, kept in two places, and never signed with another key?"""

import base64
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.order.commands import ChangeOrder
from domain.proof import checkpoint
from domain.proof.checkpoint import VerifierKey
from projections.proof.signing import Checkpoints, NoSigningKey, create_key
from projections.views.views import Views
from tests.audit.conftest import AUDIT, Office
from tests.conftest import ME, Service, do, new_order
from tests.tampering import tamper
from tests.waiting import until

NOTE = re.compile(r"order-ledger/orders\n([0-9]+)\n([0-9A-Za-z+/]{43}=)\n\n— order-ledger/orders ([0-9A-Za-z+/]+=*)\n")
SOON_SECONDS = 20


def root_of(leaves: list[bytes]) -> bytes:
    """The tree's root by the definition of RFC 9162, section 2.1.1, for leaves that are hashed already."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def digests(office: Office) -> list[bytes]:
    return [raw.digest for raw in office.ledger.log_of_events.raw_records()]


def kept_in_the_file(office: Office) -> list[bytes]:
    return list(checkpoint.split(office.settings.checkpoints.read_bytes()))


def plain(office: Office) -> bytes:
    """The signed head as `text/plain`."""
    return office.ask(f"{AUDIT}/checkpoint", headers={"Accept": "text/plain"}).content


@pytest.mark.parametrize("events", [0, 1, 2, 3, 7, 8, 21])
def test_a_checkpoint_signs_the_size_and_the_root_of_the_log(office: Office, events: int) -> None:
    if events:
        office.place(items=[{}] * (events - 1))
    found = NOTE.fullmatch(plain(office).decode())
    assert found
    assert int(found[1]) == events
    assert base64.b64decode(found[2]) == root_of(digests(office))


def test_a_checkpoints_signature_is_by_the_key_that_is_published(office: Office) -> None:
    office.place()
    name, key_id, encoded = office.audit("/checkpoint")["public_key"].split("+", 2)
    typed = base64.b64decode(encoded)
    assert hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8] == key_id
    text, _, signature = plain(office).decode().partition("\n\n")
    signed = base64.b64decode(signature.split()[-1])
    assert signed[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(typed[1:]).verify(signed[4:], text.encode() + b"\n")


def test_a_checkpoint_is_json_unless_the_note_alone_is_asked_for(office: Office) -> None:
    office.place()
    told, note = office.ask(f"{AUDIT}/checkpoint"), plain(office)
    assert told.headers["content-type"] == "application/json"
    assert told.json == {
        "origin": "order-ledger/orders",
        "size": 2,
        "root": root_of(digests(office)).hex(),
        "public_key": str(office.checkpoints.public()),
        "checkpoint": note.decode(),
    }
    asked = office.ask(f"{AUDIT}/checkpoint", headers={"Accept": "text/plain"})
    assert asked.headers["content-type"] == "text/plain; charset=utf-8"
    assert told.headers["ledger-position"] == asked.headers["ledger-position"] == "orders:2"


def test_each_checkpoint_is_kept_in_the_ledger_and_in_a_file_beside_it(office: Office) -> None:
    order = office.place()
    notes = [plain(office)]
    for notes_of_order in ("a", "b"):
        office.give(order, ChangeOrder, notes=notes_of_order)
        office.clock.tick(minutes=1)
        notes.append(plain(office))
    assert len(set(notes)) == 3
    assert office.ledger.log_of_events.checkpoints() == kept_in_the_file(office) == notes


def test_the_checkpoint_stays_the_same_and_is_kept_once_while_nothing_is_recorded(office: Office) -> None:
    office.place()
    first = plain(office)
    office.clock.tick(days=1)
    assert plain(office) == first
    assert office.ledger.log_of_events.checkpoints() == kept_in_the_file(office) == [first]


def test_heads_that_are_read_within_a_minute_are_signed_and_the_first_alone_is_kept(office: Office) -> None:
    """Otherwise readers could fill the disk."""
    order = office.place()
    first = plain(office)
    for nth in range(25):
        order = office.give(order, ChangeOrder, notes=str(nth))
        assert checkpoint.parse(plain(office)).size == order.version
        assert office.ask(f"{AUDIT}/orders/{order.id}/evidence").headers["ledger-position"] == f"orders:{order.version}"
    assert office.ledger.log_of_events.checkpoints() == kept_in_the_file(office) == [first]
    office.clock.tick(minutes=1)
    last = plain(office)
    assert office.ledger.log_of_events.checkpoints() == kept_in_the_file(office) == [first, last]


def test_checkpoints_that_were_kept_before_stay_in_the_file(office: Office) -> None:
    office.settings.checkpoints.write_bytes(b"kept before\n")
    office.place()
    note = plain(office)
    assert office.settings.checkpoints.read_bytes() == b"kept before\n" + note


def test_signers_at_once_leave_every_note_whole(office: Office) -> None:
    """A note that another signer is just writing must not be taken for a note that was cut short."""
    notes: list[bytes] = []

    def sign(_: int) -> None:
        for _ in range(5):
            signing = Checkpoints(
                office.ledger, office.views, key=office.settings.key, kept=office.settings.checkpoints
            )
            do(office.ledger.create, new_order(), ME)
            notes.append(signing.current())
        office.views.close()

    with ThreadPoolExecutor(4) as signers:
        list(signers.map(sign, range(4)))
    assert set(kept_in_the_file(office)) == set(notes)


@pytest.mark.parametrize("tampering", ["UPDATE events SET digest = zeroblob(32)", "DELETE FROM events"])
def test_a_log_that_does_not_go_on_from_its_signed_head_is_not_signed_again(office: Office, tampering: str) -> None:
    """A signature over a rewritten history would make the history look true."""
    for _ in range(3):
        office.place()
    signed = plain(office)
    office.views.close()
    tamper(office.settings.ledger, f"{tampering} WHERE position = 3")
    office.views.rebuild()
    refused = office.ask(f"{AUDIT}/checkpoint")
    assert (refused.status_code, refused.json["code"]) == (500, "log-altered")
    assert kept_in_the_file(office) == [signed]


def test_no_head_is_signed_without_a_key_and_the_answer_says_how_to_get_one(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(with_key=False)
    order = office.place()
    for path in ("/checkpoint", f"/orders/{order.id}/evidence"):
        problem = office.refused(path, 409)
        assert problem["code"] == "no-signing-key"
        assert "run.py key create" in problem["detail"]
    assert office.ledger.log_of_events.checkpoints() == []
    assert not office.settings.checkpoints.exists()


def test_the_public_key_is_served_without_a_key_of_the_service(
    office: Office, make_office: Callable[..., Office]
) -> None:
    for method in ("GET", "HEAD"):
        assert office.ask("/.well-known/ledger-key", "no key", method).status_code == 200
    answer = office.ask("/.well-known/ledger-key", "no key")
    assert answer.text == f"{office.checkpoints.public()}\n"
    without = make_office(with_key=False).ask("/.well-known/ledger-key", "no key")
    assert (without.status_code, without.json["code"]) == (404, "no-signing-key")


def test_a_service_without_a_signing_key_does_everything_else(make_office: Callable[..., Office]) -> None:
    office = make_office(with_key=False)
    office.place()
    office.checkpoints.sign_if_due(1)
    assert office.audit("/orders/1")["version"] == 2
    assert len(office.feed()) == 2


def test_a_key_is_made_once_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    create_key(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_key(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_keys_are_never_the_same(tmp_path: Path) -> None:
    assert create_key(tmp_path / "one") != create_key(tmp_path / "other")


@pytest.mark.parametrize(
    "content", [b"", b"not a key\n", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_holds_no_key_is_named(office: Office, content: bytes) -> None:
    office.settings.key.write_bytes(content)
    with pytest.raises(NoSigningKey, match=re.escape(str(office.settings.key))):
        office.checkpoints.public()


def test_the_head_is_signed_when_events_were_recorded_and_the_last_one_is_old_enough(office: Office) -> None:
    def sizes() -> list[int]:
        office.checkpoints.sign_if_due(60)
        return [checkpoint.parse(note).size for note in office.ledger.log_of_events.checkpoints()]

    order = office.place(items=[])
    assert sizes() == [1]
    do(office.ledger.change, order.uuid, ChangeOrder(notes="a"), ME)
    office.clock.tick(seconds=59)
    assert sizes() == [1]
    office.clock.tick(seconds=1)
    assert sizes() == [1, 2]
    office.clock.tick(days=1)
    assert sizes() == [1, 2]


def test_a_head_that_a_wrong_clock_has_given_a_time_to_come_keeps_none_from_being_signed(office: Office) -> None:
    order = office.place(items=[])
    office.clock.tick(days=3650)
    office.checkpoints.current()
    office.clock.tick(days=-3650)
    for note in ("a", "b"):
        do(office.ledger.change, order.uuid, ChangeOrder(notes=note), ME)
        office.clock.tick(seconds=60)
        office.checkpoints.sign_if_due(60)
    assert [checkpoint.parse(kept).size for kept in office.ledger.log_of_events.checkpoints()] == [1, 2, 3]


def test_a_checkpoint_of_every_size_that_the_log_had_is_of_its_beginning(office: Office) -> None:
    order = office.place(items=[])
    for number in range(9):
        office.clock.tick(minutes=1)
        plain(office)
        order = office.give(order, ChangeOrder, notes=str(number))
    leaves = digests(office)
    kept = [checkpoint.verify(note, office.checkpoints.public()) for note in kept_in_the_file(office)]
    assert [(one.size, one.root) for one in kept] == [(n, root_of(leaves[:n])) for n in range(1, 10)]


@pytest.fixture
def stopped(tmp_path: Path) -> Service:
    """A service that does not run, for its commands."""
    return Service(tmp_path)


def test_the_commands_make_a_key_show_it_and_sign_with_it(stopped: Service) -> None:
    made = stopped.run("key", "create")
    assert made.returncode == 0, made.stderr
    public = VerifierKey.parse(made.stdout.decode().strip())
    assert stopped.run("key", "show").stdout == made.stdout
    stopped.run("import", "-", stdin=b'{"items": [{"unit_price": "5"}]}\n')
    signed = stopped.run("checkpoint")
    assert checkpoint.verify(signed.stdout, public).size == 2
    assert (stopped.folder / "checkpoints.txt").read_bytes() == signed.stdout


def test_the_command_refuses_to_make_a_second_key(stopped: Service) -> None:
    first = stopped.run("key", "create")
    before = (stopped.folder / "ledger.key").read_bytes()
    second = stopped.run("key", "create")
    assert (second.returncode, second.stdout) == (2, b"")
    assert b"never written over" in second.stderr
    assert (stopped.folder / "ledger.key").read_bytes() == before
    assert stopped.run("key", "show").stdout == first.stdout


@pytest.mark.parametrize("command", [("key", "show"), ("checkpoint",)])
def test_a_command_without_a_key_says_how_to_make_one(stopped: Service, command: tuple[str, ...]) -> None:
    done = stopped.begin().run(*command)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"run.py key create" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_service_signs_the_head_by_itself_every_so_often(make_service: Callable[..., Service]) -> None:
    service = make_service(LEDGER_CHECKPOINT_SECONDS="1")
    public = VerifierKey.parse(service.run("key", "create").stdout.decode().strip())
    staff = service.client(service.key("orders:write", "audit:read"))
    kept = service.folder / "checkpoints.txt"

    def signed_to(size: int) -> bool:
        notes = list(checkpoint.split(kept.read_bytes())) if kept.exists() else []
        return size in [checkpoint.verify(note, public).size for note in notes]

    for size in (1, 2):
        staff.post("/api/v1/orders", json={"items": []})
        until(lambda size=size: signed_to(size), SOON_SECONDS)
    answer = staff.get(f"{AUDIT}/checkpoint", headers={"Accept": "text/plain"})
    assert checkpoint.verify(answer.content, public).size == 2
    assert answer.content in kept.read_bytes()


def test_a_head_that_another_signs_meanwhile_is_not_taken_for_an_end_that_is_gone(
    office: Office, tmp_path: Path
) -> None:
    """Another node or worker has recorded and signed more since this one read the log's head."""
    office.place()

    class Overtaken(Views):
        is_signing = False

        def catch_up(self, *given: Any, **named: Any) -> Any:
            found = super().catch_up(*given, **named)
            if self.is_signing:
                self.is_signing = False
                office.place()
                office.checkpoints.current()
            return found

    views = Overtaken(office.ledger, tmp_path / "other.db")
    views.ensure()
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.write_bytes(office.settings.key.read_bytes())
    elsewhere.chmod(0o600)
    other = Checkpoints(office.ledger, views, key=elsewhere, kept=tmp_path / "checkpoints-elsewhere.txt")
    views.is_signing = True
    assert checkpoint.parse(other.current()).size < office.ledger.head()
    views.is_signing = True
    assert other.hand_over().size < office.ledger.head()
    views.close()
