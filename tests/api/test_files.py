"""Who can read the service's files on the disk, and does it ever write through another user's link?"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import connect
from projections.exports.events import whole_file
from projections.proof.signing import create_key
from tests.api.conftest import assert_problem, placed
from tests.conftest import Service
from tests.postgres import of_a_file
from tests.waiting import until

WRONG_USAGE = 2


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask of 0: a file made without a mode of its own can be read and written by every user."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The permissions of files in a folder, the folder too, that are open to more than their owner, by name."""
    found = {file: file.stat().st_mode & 0o777 for file in [folder, *folder.rglob("*")] if not file.is_symlink()}
    return {file.name: oct(mode) for file, mode in found.items() if mode & 0o077}


@of_a_file
def test_every_file_that_the_service_makes_is_its_owners_alone(
    tmp_path: Path, make_service: Callable[..., Service], open_umask: None
) -> None:
    own = tmp_path / "own" / "var"
    service = make_service(
        LEDGER_URL=f"sqlite:///{own / 'ledger.db'}", LEDGER_KEY=str(own / "keys" / "ledger.key"), workers=1
    )
    assert service.run("key", "create").returncode == 0
    placed(service.client(service.key("orders:write")))
    assert service.run("checkpoint").returncode == 0
    for command in (
        ("events", "--output", str(own / "events.jsonl")),
        ("ocel", str(own / "ocel.sqlite")),
        ("beancount", "--output", str(own / "books.beancount")),
    ):
        assert service.run("export", *command).returncode == 0
    made = {file.name for file in own.iterdir()}
    assert made > {"ledger.db", "ledger.db-wal", "views.db", "views.db.lock", "checkpoints.txt", "events.jsonl"}
    assert modes(tmp_path / "own") == {}


def test_every_file_that_the_library_makes_is_its_owners_alone_whatever_the_umask(
    tmp_path: Path, open_umask: None
) -> None:
    own = tmp_path / "own"
    create_key(own / "ledger.key")
    SQLiteRecorder(own / "ledger.db").close()
    connect(own / "other.db", "FULL").close()
    with whole_file(own / "export.csv") as part:
        part.write_bytes(b"order")
    assert modes(own) == {}


def test_a_file_that_is_there_keeps_its_content_and_its_permissions(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    connect(ledger, "FULL").execute("CREATE TABLE kept (id INTEGER)").connection.close()
    ledger.chmod(0o640)
    found = connect(ledger, "FULL").execute("SELECT name FROM sqlite_schema").fetchall()
    assert (found, ledger.stat().st_mode & 0o777) == ([("kept",)], 0o640)


@pytest.mark.parametrize(
    ("link", "name"), [("views.db.lock", "LEDGER_VIEWS"), ("checkpoints.txt", "LEDGER_CHECKPOINTS")]
)
def test_a_link_in_the_place_of_a_file_of_ours_is_refused_and_never_followed(
    link: str, name: str, tmp_path: Path
) -> None:
    service = Service(tmp_path)
    assert service.run("key", "create").returncode == 0
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear customer\n")
    (tmp_path / link).symlink_to(letter)
    for command in ("rebuild", "checkpoint"):
        done = service.run(command)
        assert letter.read_bytes() == b"Dear customer\n"
        assert (done.returncode, done.stdout) == (WRONG_USAGE, b"")
        assert f"{name}: {tmp_path / link} is a link" in done.stderr.decode()


def test_a_link_that_comes_while_the_service_runs_is_not_followed(
    tmp_path: Path, make_service: Callable[..., Service]
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear customer\n")
    service = make_service(workers=1, LEDGER_CHECKPOINT_SECONDS="0")
    assert service.run("key", "create").returncode == 0
    placed(service.client(service.key("orders:write")))
    (tmp_path / "checkpoints.txt").symlink_to(letter)
    asked = service.client(service.key("audit:read")).get("/api/v1/audit/checkpoint")
    assert asked.status_code >= 400
    assert letter.read_bytes() == b"Dear customer\n"


def test_the_lock_file_is_never_cut_short(tmp_path: Path) -> None:
    service, lock = Service(tmp_path).begin(), tmp_path / "views.db.lock"
    lock.write_bytes(b"12345")
    assert service.run("rebuild").returncode == 0
    assert lock.read_bytes() == b"12345"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620])
def test_a_signing_key_that_others_can_read_or_write_signs_nothing(
    mode: int, tmp_path: Path, make_service: Callable[..., Service]
) -> None:
    service = make_service(workers=1)
    key = tmp_path / "ledger.key"
    assert service.run("key", "create").returncode == 0
    placed(service.client(service.key("orders:write")))
    auditor = service.client(service.key("audit:read"))
    key.chmod(mode)
    for command in ("checkpoint", "key show", "serve", "verify"):
        done = service.run(*command.split())
        assert (done.returncode, done.stdout) == (WRONG_USAGE, b""), command
        assert f"`chmod 600 {key}`" in done.stderr.decode()
    assert_problem(auditor.get("/api/v1/audit/checkpoint"), 409, "no-signing-key")
    key.chmod(0o600)
    assert service.run("checkpoint").returncode == 0


def test_a_service_whose_key_becomes_readable_says_that_it_signs_nothing_more(
    tmp_path: Path, make_service: Callable[..., Service]
) -> None:
    assert Service(tmp_path).run("key", "create").returncode == 0
    service = make_service(workers=1, LEDGER_CHECKPOINT_SECONDS="1")
    (tmp_path / "ledger.key").chmod(0o644)
    placed(service.client(service.key("orders:write")))
    until(lambda: "KeyExposed" in service.log())
    assert "the log's head is not signed" in service.log()
    assert "the views cannot be fed" not in service.log()


def test_a_service_that_runs_as_root_warns_of_it(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    told = make_service(workers=1).log()
    assert told.count("as root") == (os.geteuid() == 0)
