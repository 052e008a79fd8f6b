"""Where rights of files hinder a command or the service: does it say so in one line, and leave nothing half done?"""

import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.conftest import ROOT, Service
from tests.crash.processes import workers
from tests.postgres import of_a_file

pytestmark = of_a_file

DEMO = str(ROOT / "api/cli/demo.jsonl")
MARCH = (
    b"reference,kind,gross,fee,net,currency,occurred_at,order,payout\npi_1,payment,1,0,1,USD,2026-03-01T00:00:00Z,,\n"
)
# Root may read and write all files, whatever their modes, unless it gives these capabilities up.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    made = Service(tmp_path)
    made.program = (*AS_ANYBODY, *made.program)
    assert made.run("import", DEMO).returncode == 0
    assert made.run("key", "create").returncode == 0
    return made


def assert_one_line(service: Service, *arguments: str, status: int, told: str) -> None:
    done = service.run(*arguments)
    said = done.stderr.decode(errors="replace")
    assert "Traceback" not in said, said
    assert (done.returncode, said.count("error: ")) == (status, 1), said
    assert told in said, said


@pytest.mark.parametrize(
    "command", [("serve", "--port", "{port}"), ("token", "create", "--customer", "1"), ("import", DEMO)]
)
def test_a_ledger_that_may_not_be_written_hinders_commands_that_write_and_no_others(
    command: tuple[str, ...], service: Service
) -> None:
    (service.folder / "ledger.db").chmod(0o400)
    given = [argument.format(port=service.port) for argument in command]
    assert_one_line(service, *given, status=1, told="attempt to write a readonly database")
    assert service.run("verify").returncode == 0
    assert service.run("token", "list").returncode == 0


def test_a_service_whose_ledger_may_not_be_written_any_more_says_that_it_is_not_ready(service: Service) -> None:
    staff = service.key("orders:read", "orders:write")
    service.workers = 1
    service.start()
    try:
        client = service.client(staff)
        (service.folder / "ledger.db").chmod(0o400)
        (first,) = workers(service)
        os.kill(first, 9)
        while first in workers(service) or not workers(service):
            pass
        assert client.post("/api/v1/orders", json={"items": []}).status_code == 503
        ready = requests.get(f"{service.base}/readyz", timeout=5)
        assert (ready.status_code, [told[:5] for told in ready.json()["problems"]]) == (503, ["log: "])
        assert client.get("/api/v1/orders").status_code == 200
    finally:
        service.kill()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("reconcile", "rules", "{folder}/closed.csv"), "closed.csv: Permission denied"),
        (("seal", "{folder}/closed/ledger.db"), "unable to open database file"),
        (("seal", "{folder}/closed/new/ledger.db"), "closed/new: Permission denied"),
    ],
)
def test_a_file_without_rights_is_named(arguments: tuple[str, ...], told: str, service: Service) -> None:
    (service.folder / "closed.csv").touch(0o000)
    (service.folder / "closed").mkdir(0o500)
    given = [argument.format(folder=service.folder) for argument in arguments]
    assert_one_line(service, *given, status=1 if "unable" in told else 2, told=told)


def test_a_signing_key_that_cannot_sign_is_named_before_anything_starts(service: Service) -> None:
    key = service.folder / "ledger.key"
    key.chmod(0o000)
    assert_one_line(
        service, "serve", "--port", str(service.port), status=2, told=f"{key} cannot be read: Permission denied"
    )
    key.chmod(0o600)
    key.write_text("This is no key.")
    assert_one_line(service, "serve", "--port", str(service.port), status=2, told=f"{key} holds no Ed25519 key")


def test_signed_heads_are_kept_in_a_folder_that_was_not_there(service: Service) -> None:
    kept = service.folder / "elsewhere/heads/checkpoints.txt"
    service.environment["LEDGER_CHECKPOINTS"] = str(kept)
    done = service.run("checkpoint")
    assert done.returncode == 0, done.stderr
    assert kept.read_bytes() == done.stdout


def test_a_file_that_is_handed_over_without_a_signed_head_is_refused(service: Service) -> None:
    (service.folder / "handed.txt").write_bytes(b"\n")
    handed = str(service.folder / "handed.txt")
    assert_one_line(service, "verify", "--checkpoint", handed, status=2, told=f"{handed} holds none")


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "{folder}/march.csv", "--provider", "b\udce4"),
        ("period", "close", "2026-03", "--provider", "b\udce4"),
    ],
)
def test_an_argument_that_is_not_utf_8_is_named_and_not_recorded(arguments: tuple[str, ...], service: Service) -> None:
    (service.folder / "march.csv").write_bytes(MARCH)
    given = [argument.format(folder=service.folder) for argument in arguments]
    assert_one_line(service, *given, status=2, told=r"'b\udce4' is not UTF-8")


def test_a_backup_goes_into_a_folder_whose_name_is_not_utf_8_and_the_doctor_knows_of_it(service: Service) -> None:
    assert service.run("backup", f"{service.folder}/b\udce4").returncode == 0
    row = next(row for row in service.run("doctor").stdout.decode(errors="replace").splitlines() if "backup" in row)
    assert "ok" in row, row


def test_idle_connections_keep_nobody_out_where_the_shell_allows_few_files(service: Service) -> None:
    service.program = ("prlimit", "--nofile=100:4096", *service.program)
    service.workers = 1
    service.start()
    try:
        with ExitStack() as idle:
            for _ in range(150):
                idle.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            assert requests.get(f"{service.base}/healthz", timeout=3).status_code == 200
    finally:
        service.kill()


def test_a_service_that_may_open_too_few_files_says_so(service: Service) -> None:
    service.program = ("prlimit", "--nofile=100:100", *service.program)
    service.start()
    service.kill()
    assert "warning: a worker may have 100 files open and needs" in service.log()


@pytest.mark.parametrize("command", ["token list", "checkpoint", "export events", "verify"])
def test_a_command_whose_standard_output_is_closed_does_its_work_all_the_same(command: str, service: Service) -> None:
    service.program = ("sh", "-c", 'exec "$@" >&-', "sh", *service.program)
    done = service.run(*command.split())
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()


def test_a_file_in_which_no_signed_head_can_be_kept_is_named_with_the_reason(service: Service) -> None:
    kept = service.folder / "checkpoints.txt"
    kept.touch(0o400)
    told = f"{kept} cannot be written, so nothing is signed: Permission denied"
    assert_one_line(service, "checkpoint", status=2, told=told)
    auditor = service.key("audit:read")
    service.environment["LEDGER_CHECKPOINT_SECONDS"] = "1"
    service.start()
    try:
        refused = service.client(auditor).get("/api/v1/audit/checkpoint")
        assert (refused.status_code, refused.json()["detail"]) == (409, f"{told}.")
        while "the log's head is not signed" not in service.log():
            assert service.process
            assert service.process.poll() is None
    finally:
        service.kill()
    assert "the views cannot be fed" not in service.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_commands_of_root_leave_files_that_a_service_of_another_user_can_read(tmp_path: Path) -> None:
    """Files of `sudo run.py …` in the service's folder belong to the service's user; a backup elsewhere is root's."""
    tmp_path.chmod(0o755)
    first, restored = tmp_path / "first", tmp_path / "restored"
    for folder in (first, restored):
        folder.mkdir(0o700)
        os.chown(folder, 10001, 10001)
    service, backup = Service(first), str(tmp_path / "backup")
    for command in (
        ["import", DEMO],
        ["key", "create"],
        ["checkpoint"],
        ["rebuild"],
        ["keys", "rotate"],
        ["keys", "retire-master", "{master}"],
        ["backup", backup],
    ):
        master, *_ = (first / "master.key").read_text().split() if (first / "master.key").exists() else [""]
        done = service.run(*(argument.format(master=master) for argument in command))
        assert done.returncode == 0, done.stderr
    done = Service(restored).run("restore", backup)
    assert done.returncode == 0, done.stderr
    for folder, owner in ((first, 10001), (restored, 10001), (Path(backup), 0)):
        made = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
        assert made
        assert {str(file): file.stat().st_uid for file in made if file.stat().st_uid != owner} == {}
