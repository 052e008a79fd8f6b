"""Does a signing key's work hold after it handed over, and nothing that it signs later, wherever a kill interrupts?"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.order.commands import ChangeOrder
from domain.proof import checkpoint, handover, verify
from domain.proof import pack as packing
from domain.proof.handover import Signers
from projections.proof.signing import ORIGIN, Checkpoints, KeyHandedOver
from projections.views.views import Views
from tests.audit.conftest import AUDIT, Office
from tests.conftest import ROOT, Service

KEYS_PATH = "/.well-known/ledger-key"


def pack_of(office: Office, **parameters: int) -> dict[str, bytes]:
    answer = office.ask(f"{AUDIT}/orders/1/evidence", params=parameters)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def failing(files: dict[str, bytes], key: object = None, kept: bytes | None = None) -> list[str]:
    said, failed = verify.examine(files, [], None if key is None else str(key), kept)
    assert said[-1].startswith("It does NOT hold" if failed else "All of it holds")
    return failed


def with_proofs(files: dict[str, bytes], **changed: object) -> dict[str, bytes]:
    """A pack with other proofs and a manifest that fits them, as a forger makes it."""
    proofs = {**json.loads(files["proofs.json"]), **changed}
    parts = {**files, "proofs.json": json.dumps(proofs).encode()}
    del parts[packing.MANIFEST]
    return {**parts, packing.MANIFEST: packing.manifest(parts)}


def test_a_key_hands_over_at_the_head_and_the_next_one_signs_from_there(office: Office) -> None:
    office.place()
    before, first = office.checkpoints.current(), office.checkpoints.public()
    handed = office.checkpoints.hand_over()
    assert (handed.former, handed.size) == (first, checkpoint.parse(before).size)
    assert office.checkpoints.public() == handed.next != first
    assert office.checkpoints.current() == handed.note, "both keys signed it, so nothing is to be signed again"
    assert {checkpoint.verify(handed.note, key).root for key in (handed.former, handed.next)} == {
        checkpoint.parse(before).root
    }
    office.place()
    assert checkpoint.verify(office.checkpoints.current(), handed.next).size == handed.size + 2
    kept = office.settings.checkpoints.read_bytes()
    assert list(checkpoint.split(kept)) == [before, handed.note, office.checkpoints.current()]
    assert office.settings.key.stat().st_mode & 0o777 == 0o600


def test_the_keys_are_served_the_one_that_signs_first(office: Office) -> None:
    office.place()
    first = office.checkpoints.public()
    second = office.checkpoints.hand_over().next
    third = office.checkpoints.hand_over().next
    answer = office.ask(KEYS_PATH, "no key")
    assert answer.text == f"{third}\n{second}\n{first}\n"
    told = office.ask(f"{AUDIT}/checkpoint").json
    assert told["public_key"] == str(third)
    assert checkpoint.verify(told["checkpoint"].encode(), third).size == 2


def test_packs_from_before_and_from_behind_a_handover_hold(office: Office) -> None:
    order = office.place()
    kept = [office.checkpoints.current()]
    before, first = pack_of(office), office.checkpoints.public()
    assert failing(before) == failing(before, first, kept[0]) == []
    second = office.checkpoints.hand_over().next
    assert failing(pack_of(office), second, kept[0]) == []
    office.give(order, ChangeOrder, notes="a")
    third = office.checkpoints.hand_over().next
    order = office.give(order, ChangeOrder, notes="b")
    kept.append(office.checkpoints.current())
    behind = pack_of(office)
    for key in (None, first, second, third):
        assert failing(behind, key) == failing(behind, key, b"".join(kept)) == []
    assert failing(before, first) == [], "what was proven stays proven"
    assert failing(before, third) == ["key.txt"]
    everything = office.settings.checkpoints.read_bytes()
    assert failing(behind, third, everything) == failing(pack_of(office, since=2), first, kept[0]) == []


def test_a_pack_says_how_the_keys_handed_over(office: Office, tmp_path: Path) -> None:
    order = office.place()
    first = office.checkpoints.public()
    office.checkpoints.hand_over()
    office.give(order, ChangeOrder, notes="a")
    for name, content in pack_of(office).items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "--key", str(first)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, said
    assert f"{ORIGIN}+{first.id.hex()} up to record 2" in said
    assert "the key you gave handed over to it, when there were 2 records" in said


def test_a_handover_that_is_missing_altered_or_forged_does_not_hold(
    office: Office, make_office: Callable[..., Office]
) -> None:
    order = office.place()
    first = office.checkpoints.public()
    handed = office.checkpoints.hand_over()
    office.give(order, ChangeOrder, notes="a")
    files, note = pack_of(office), handed.note.decode()
    other = make_office()
    other.place()
    foreign = other.checkpoints.hand_over().note.decode()
    assert failing(with_proofs(files, handovers=[]), first) == ["key.txt"]
    for forged in ([foreign], [note, foreign], [foreign, note], [note[:-9]], note, 7, [7], [note.partition("\n\n")[0]]):
        assert "proofs.json" in failing(with_proofs(files, handovers=forged))
    by_one_key = note.rpartition("— ")[0]
    assert failing(with_proofs(files, handovers=[by_one_key])) == ["proofs.json"]
    assert failing(with_proofs(files, consistency=[])) == ["proofs.json or checkpoint.txt"]


def test_a_former_keys_signature_of_a_longer_log_is_not_believed(office: Office) -> None:
    office.place()
    former = load_pem_private_key(office.settings.key.read_bytes(), None)
    handed = office.checkpoints.hand_over()
    office.place()
    head = checkpoint.parse(office.checkpoints.current())
    stolen = checkpoint.sign(former, ORIGIN, head.size, head.root)
    signers = office.checkpoints.signers()
    with pytest.raises(checkpoint.CheckpointUnsigned, match=f"handed over when there were {handed.size} records"):
        signers.verify(stolen)
    assert failing(pack_of(office), None, stolen) == ["your checkpoint"]
    earlier = checkpoint.sign(former, ORIGIN, handed.size, checkpoint.parse(handed.note).root)
    assert signers.verify(earlier).size == handed.size
    assert failing(pack_of(office), None, earlier) == []


def test_a_key_hands_over_once_and_handovers_of_other_keys_are_strangers(
    office: Office, make_office: Callable[..., Office]
) -> None:
    office.place()
    handed = office.checkpoints.hand_over()
    other = make_office()
    other.place()
    foreign = other.checkpoints.hand_over()
    signers = Signers(handed.next, [handed.note, foreign.note])
    assert signers.handovers == [handed]
    assert signers.strangers == [foreign]
    assert Signers(handed.former, [foreign.note, handed.note]).keys == [handed.next, handed.former]
    assert handover.read(office.checkpoints.current().partition(b"\n\n")[0] + b"\n") is None


def test_a_file_of_a_key_that_handed_over_signs_nothing_any_longer(office: Office) -> None:
    """This happens on another machine of the same ledger, to which nobody has copied the new file."""
    office.place()
    old = office.settings.key.read_bytes()
    handed = office.checkpoints.hand_over()
    office.settings.key.write_bytes(old)
    with pytest.raises(KeyHandedOver, match=handed.next.id.hex()):
        office.checkpoints.current()
    with pytest.raises(KeyHandedOver):
        office.checkpoints.hand_over()
    assert len(office.ledger.log_of_events.handovers()) == 1
    assert office.ask(f"{AUDIT}/checkpoint").json["code"] == "no-signing-key"


def test_a_head_that_is_signed_while_the_key_hands_over_elsewhere_is_not_kept(office: Office, tmp_path: Path) -> None:
    """Another node has the same key, and hands over just after this node has checked that it may sign."""
    office.place()
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.write_bytes(office.settings.key.read_bytes())
    elsewhere.chmod(0o600)

    class OfTheOtherNode(Views):
        is_signing = False

        def catch_up(self, *given: Any, **named: Any) -> Any:
            if self.is_signing and not office.ledger.log_of_events.handovers():
                office.checkpoints.hand_over()
                office.place()
            return super().catch_up(*given, **named)

    views = OfTheOtherNode(office.ledger, tmp_path / "other.db")
    views.ensure()
    views.is_signing = True
    other = Checkpoints(office.ledger, views, key=elsewhere, kept=tmp_path / "checkpoints-elsewhere.txt")
    with pytest.raises(KeyHandedOver):
        other.current()
    assert not other.kept.exists()
    assert office.ledger.log_of_events.checkpoints() == []
    assert [handed.note for handed in office.ledger.log_of_events.handovers()] == [office.checkpoints.kept.read_bytes()]
    views.close()


# Hands over in a process that kills itself before the given step that touches one of our files.
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.audit.conftest import Office

office, left = Office(Path(sys.argv[1])), int(sys.argv[2])

def watch(event, arguments):
    global left
    if event in ("open", "os.remove", "os.rename") and any(
        str(one).endswith((".key", ".key.next", "checkpoints.txt", "/keys")) for one in arguments[:2]
    ):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
office.checkpoints.hand_over()
print("done")
"""


def test_killed_at_any_step_a_handover_is_whole_or_has_not_begun(unused: Path, tmp_path: Path) -> None:
    outcomes = []
    for steps in range(30):
        folder = tmp_path / str(steps)
        shutil.copytree(unused, folder, symlinks=True)
        office = Office(folder)
        office.place()
        first, before = office.checkpoints.public(), office.checkpoints.current()
        office.close()
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(steps)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        office = Office(folder)
        kept = office.ledger.log_of_events.handovers()
        assert (office.checkpoints.public() == first) is (kept == [])
        office.place()
        after = office.checkpoints.current()
        signers = office.checkpoints.signers()
        for note in (before, after, *checkpoint.split(office.settings.checkpoints.read_bytes())):
            signers.verify(note)
        assert failing(pack_of(office), first, before) == []
        office.checkpoints.hand_over()
        assert len(office.ledger.log_of_events.handovers()) == len(kept) + 1
        assert not office.settings.key.with_name("ledger.key.next").exists()
        office.close()
        outcomes.append(len(kept))
        if done.returncode == 0:
            break
    assert outcomes == sorted(outcomes)
    assert outcomes.count(0) > 1 < outcomes.count(1), "killed on both sides of the one moment"


def test_the_command_rotates_while_the_service_serves(
    make_service: Callable[..., Service],
) -> None:
    service = make_service()
    first = service.run("key", "create").stdout.decode().strip()
    staff = service.client(service.key("orders:write", "audit:read"))
    staff.post("/api/v1/orders", json={"items": [{"unit_price": "5"}]})
    kept = service.folder / "kept.txt"
    kept.write_bytes(service.run("checkpoint").stdout)
    rotated = service.run("key", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    second = rotated.stdout.decode().strip()
    assert first.encode() in rotated.stderr.replace(b"\n", b"")
    assert service.run("key", "show").stdout.decode().strip() == second
    staff.post("/api/v1/orders", json={"items": [{"unit_price": "6"}]})
    assert staff.get(f"{AUDIT}/checkpoint").json()["public_key"] == second
    assert staff.get(KEYS_PATH).text == f"{second}\n{first}\n"
    for arguments in ((), ("--checkpoint", str(kept)), ("--key", first), ("--key", second)):
        found = service.run("verify", *arguments)
        assert found.returncode == 0, found.stdout + found.stderr
        assert b"everything holds" in found.stdout
    backup = service.folder / "backup"
    assert service.run("backup", str(backup)).returncode == 0


def test_verify_names_a_checkpoint_that_a_stolen_former_key_has_signed(make_service: Callable[..., Service]) -> None:
    service = make_service(workers=1)
    service.run("key", "create")
    staff = service.client(service.key("orders:write"))
    staff.post("/api/v1/orders", json={"items": [{"unit_price": "5"}]})
    stolen = load_pem_private_key((service.folder / "ledger.key").read_bytes(), None)
    assert service.run("key", "rotate").returncode == 0
    staff.post("/api/v1/orders", json={"items": [{"unit_price": "6"}]})
    head = checkpoint.parse(service.run("checkpoint").stdout)
    forged = service.folder / "forged.txt"
    forged.write_bytes(checkpoint.sign(stolen, ORIGIN, head.size, head.root))
    found = service.run("verify", "--checkpoint", str(forged))
    assert found.returncode == 1
    assert b"handed over when there were 2 records" in found.stdout


def test_a_ledger_without_a_key_rotates_none_and_says_how_to_make_one(tmp_path: Path) -> None:
    done = Service(tmp_path).begin().run("key", "rotate")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"run.py key create" in done.stderr
    assert sorted(path.name for path in tmp_path.glob("ledger.key*")) == []
