"""A reconciliation's evidence: is its file, its report and each decision proven offline?"""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from projections.proof.signing import create_key
from tests.reconciliation.conftest import PATH, Office, only


@pytest.fixture
def one(office: Office) -> dict[str, Any]:
    create_key(office.settings.key)
    office.paid("pi_1")
    found = office.start("pi_1,payment,50.00,0,50.00,USD,@,,", "x,payment,1.00,0,1.00,USD,@,,")
    office.decide(found, "explain", results=[only(found, "missing_in_ledger")], reason="another shop's")
    office.paid("x", "1.00")
    office.decide(found, "run")
    return found


def checked(content: bytes, folder: Path) -> tuple[int, str]:
    folder.mkdir()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    done = subprocess.run([sys.executable, str(folder / "verify.py")], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_pack_is_checked_by_the_program_in_it(office: Office, one: dict[str, Any], tmp_path: Path) -> None:
    answer = office.get(one, "/evidence")
    assert answer.headers["content-type"] == "application/zip"
    status, said = checked(answer.content, tmp_path / "pack")
    assert (status, "All of it holds" in said) == (0, True), said
    assert (tmp_path / "pack" / "settlement").read_bytes() == office.get(one, "/file").content
    assert (tmp_path / "pack" / "report.json").read_bytes() == office.get(one, "/report").content


def test_the_pack_is_said_to_be_a_reconciliations(office: Office, one: dict[str, Any], tmp_path: Path) -> None:
    _, said = checked(office.get(one, "/evidence").content, tmp_path / "pack")
    assert f"of reconciliation {one['id']}, without a gap" in " ".join(said.split())


def test_the_pack_is_written_by_the_command_line_too(office: Office, one: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    done = office.run("reconcile", "evidence", str(one["id"]), "--output", str(path))
    assert done.returncode == 0, done.stderr
    status, said = checked(path.read_bytes(), tmp_path / "pack")
    assert (status, "All of it holds" in said) == (0, True), said
    nobody = office.run("reconcile", "evidence", "00000000-0000-0000-0000-000000000000", "--output", str(path) + "2")
    assert (nobody.returncode, "no such reconciliation" in str(nobody.stderr)) == (2, True)


@pytest.mark.parametrize("name", ["settlement", "rules.toml", "report.json", "events.jsonl"])
def test_a_file_of_the_pack_that_was_changed_is_found_out(
    office: Office, one: dict[str, Any], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "pack"
    assert checked(office.get(one, "/evidence").content, folder)[0] == 0
    (folder / name).write_bytes((folder / name).read_bytes().replace(b"1", b"2", 1))
    done = subprocess.run([sys.executable, str(folder / "verify.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, name in done.stdout) == (1, True)


def test_an_orders_pack_with_a_settlement_beside_it_is_an_orders_pack(
    office: Office, one: dict[str, Any], tmp_path: Path
) -> None:
    order = office.place()
    folder = tmp_path / "pack"
    answer = office.elsewhere(f"/audit/orders/{order.uuid}/evidence", "audit:read")
    assert checked(answer.content, folder)[0] == 0
    (folder / "settlement").write_bytes(b"x")
    done = subprocess.run([sys.executable, str(folder / "verify.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, "'settlement' is not of the pack" in done.stdout) == (0, True)


def test_a_pack_is_refused_without_a_signing_key_and_for_a_head_that_is_none(office: Office) -> None:
    found = office.start("pi_1,payment,50.00,0,50.00,USD,@,,")
    path = f"{PATH}/{found['id']}/evidence"
    assert office.ask(path, office.writer).json["code"] == "no-signing-key"
    create_key(office.settings.key)
    assert office.ask(path, office.writer, params={"since": "999"}).status_code == 400
    assert office.ask(path, office.key("orders:read")).status_code == 403
    assert office.ask(f"{PATH}/{office.place().uuid}/evidence", office.writer).status_code == 404
