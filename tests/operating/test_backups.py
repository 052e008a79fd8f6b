"""Does a backup hold all that was acknowledged and no secret, and is nothing restored but the records?"""

import hashlib
import json
import os
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from domain.log.sqlite import sqlite3
from tests.conftest import Service, let_events_be_anything
from tests.tampering import without_triggers

# Litestream copies once a second.
COPIED_SECONDS = 5
CUSTOMER = {"id": 7, "first_name": "Ada", "email": "ada@example.com"}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A ledger with an order, a signing key and a signed head."""
    (tmp_path / "home").mkdir()
    made = Service(tmp_path / "home").begin()
    bring(made, "a")
    for command in ("key create", "checkpoint"):
        assert made.run(*command.split()).returncode == 0
    return made


def bring(service: Service, key: str) -> None:
    line = {"key": key, "created_at": "2026-03-01T10:00:00Z", "customer": CUSTOMER, "items": [{}]}
    done = service.run("import", "-", stdin=json.dumps(line).encode())
    assert done.returncode == 0, done.stderr


def elsewhere(service: Service, **environment: str) -> Service:
    folder = service.folder.with_name("elsewhere")
    folder.mkdir(exist_ok=True)
    return Service(folder, **environment)


def backed_up(service: Service, name: str = "backup") -> Path:
    folder = service.folder.with_name(name)
    done = service.run("backup", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def assert_refused(service: Service, folder: Path, *told: str, status: int = 1) -> None:
    before = sorted(service.folder.iterdir())
    done = service.run("restore", str(folder))
    assert (done.returncode, done.stdout) == (status, b"")
    for words in told:
        assert words in done.stderr.decode()
    assert sorted(service.folder.iterdir()) == before


def test_orders_acknowledged_before_a_backup_are_there_after_the_loss_of_all_else(service: Service) -> None:
    service.start()
    staff = service.client(service.key("orders:write", "orders:read", "webhooks:write"))
    webhook = staff.post("/api/v1/webhooks", json={"url": "https://example.com"}).json()["id"]
    public = service.run("key", "show").stdout
    try:
        placed = [staff.post("/api/v1/orders", json={"customer": CUSTOMER, "items": [{}]}).json() for _ in range(5)]
        folder = backed_up(service)
    finally:
        service.kill()
    shutil.rmtree(service.folder)
    restored = elsewhere(service)
    done = restored.run("restore", str(folder))
    assert done.returncode == 0, done.stderr
    assert b"everything holds" in done.stdout
    assert b"everything holds" in restored.run("verify").stdout
    assert restored.run("key", "show").stdout == public
    restored.start()
    try:
        staff = restored.client(restored.key("orders:read", "webhooks:read"))
        assert staff.get(f"/api/v1/webhooks/{webhook}").status_code == 200
        for order in placed:
            assert staff.get(f"/api/v1/orders/{order['id']}").json() == order
    finally:
        restored.kill()


def test_a_backup_is_its_owners_alone_and_says_what_is_in_it(service: Service) -> None:
    folder = backed_up(service)
    manifest = json.loads((folder / "backup.json").read_text())
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert set(files) == {*manifest["files"], "backup.json"}
    assert {"ledger.db", "ledger.key", "checkpoints.txt", "settings.env", "keys/keys.db"} <= set(files)
    assert manifest["position"] == 2
    assert {path.stat().st_mode & 0o077 for path in (folder, *files.values())} == {0}


def test_secrets_and_the_file_of_erasures_stay_out_of_a_backup(service: Service) -> None:
    (service.folder / "erasures.txt").touch()
    name, _, key = (service.folder / "master.key").read_text().strip().partition(" ")
    service.environment["LEDGER_MASTER_KEY"] = f"{name}:{key}"
    service.environment["LEDGER_TIMEZONE"] = "Asia/Tehran"
    folder = backed_up(service)
    assert not (folder / "erasures.txt").exists()
    assert "LEDGER_TIMEZONE=Asia/Tehran\n" in (folder / "settings.env").read_text()
    for path in folder.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path


def test_a_backup_is_not_restored_over_a_ledger_nor_from_altered_files(service: Service) -> None:
    folder = backed_up(service)
    assert_refused(service, folder, "restored where nothing is", "ledger.db", "ledger.key", status=2)
    there = elsewhere(service)
    (there.folder / "views.db").symlink_to("views.db.1")
    assert_refused(there, folder, "views.db", status=2)
    (there.folder / "views.db").unlink()
    with (folder / "ledger.db").open("r+b") as file:
        file.seek(5_000)
        file.write(b"?")
    (folder / "ledger.key").unlink()
    assert_refused(there, folder, "missing or altered: ledger.db, ledger.key")
    (folder / "backup.json").unlink()
    assert_refused(there, folder, "no whole backup")


def test_an_old_backup_without_its_data_keys_is_restored_by_newer_ones_alone(service: Service) -> None:
    old = backed_up(service)
    bring(service, "b")
    new = backed_up(service, "newer")
    shutil.rmtree(old / "keys")
    there = elsewhere(service)
    assert_refused(there, old, "put a newer backup's at")
    for name in ("keys.db", "master.key"):
        shutil.copy(new / "keys" / name, there.folder / name)
    assert there.run("restore", str(old)).returncode == 0
    assert b"everything holds" in there.run("verify").stdout


def test_a_backup_that_an_older_version_made_comes_back(service: Service) -> None:
    folder = backed_up(service)
    with closing(sqlite3.connect(folder / "ledger.db")) as older:
        for table in ("handovers", "former_keys"):
            older.execute(f"DROP TABLE {table}")
        for column in ("expires_at", "origins"):
            older.execute(f"ALTER TABLE access_keys DROP COLUMN {column}")
    manifest = json.loads((folder / "backup.json").read_text())
    manifest["files"]["ledger.db"] = hashlib.sha256((folder / "ledger.db").read_bytes()).hexdigest()
    (folder / "backup.json").write_text(json.dumps(manifest))
    done = elsewhere(service).run("restore", str(folder))
    assert (done.returncode, b"everything holds" in done.stdout) == (0, True), done.stderr


def test_a_backup_goes_into_no_folder_that_has_something(service: Service) -> None:
    folder = backed_up(service)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = service.run("backup", str(folder))
    assert (done.returncode, done.stdout) == (2, b"")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_copy_of_an_altered_ledger_is_no_backup(service: Service) -> None:
    with without_triggers(service.folder / "ledger.db") as ledger:
        let_events_be_anything(ledger)
        ledger.execute("UPDATE events SET actor = 'nobody' WHERE position = 1")
    folder = service.folder.with_name("backup")
    done = service.run("backup", str(folder))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"is not what was recorded" in done.stderr
    assert_refused(elsewhere(service), folder, "no whole backup")


LITESTREAM = os.environ.get("LITESTREAM") or shutil.which("litestream")


@pytest.mark.skipif(LITESTREAM is None, reason="Litestream is not installed, nor named by LITESTREAM")
def test_a_copy_by_litestream_is_a_whole_ledger_after_everything_was_killed(service: Service) -> None:
    copies = service.folder.with_name("copies")
    dbs = [
        {"path": str(service.folder / name), "replicas": [{"type": "file", "path": str(copies / name)}]}
        for name in ("ledger.db", "keys.db")
    ]
    config = service.folder.with_name("litestream.yml")
    config.write_text(json.dumps({"dbs": dbs}))
    service.start()
    staff = service.client(service.key("orders:write", "orders:read"))
    litestream = subprocess.Popen([str(LITESTREAM), "replicate", "-config", str(config)])
    try:
        orders = [staff.post("/api/v1/orders", json={"customer": CUSTOMER, "items": [{}]}).json() for _ in range(20)]
        time.sleep(COPIED_SECONDS)
    finally:
        litestream.kill()
        litestream.wait()
        service.kill()
    there = elsewhere(service)
    for name in ("ledger.db", "keys.db"):
        restore = [str(LITESTREAM), "restore", "-config", str(config), "-o", str(there.folder / name)]
        subprocess.run([*restore, str(service.folder / name)], check=True, timeout=60)
    for name in ("ledger.key", "master.key", "checkpoints.txt"):
        shutil.copy(service.folder / name, there.folder / name)
    assert b"everything holds" in there.run("verify").stdout
    there.start()
    try:
        staff = there.client(there.key("orders:read"))
        for order in orders:
            assert staff.get(f"/api/v1/orders/{order['id']}").json() == order
    finally:
        there.kill()
