"""Does the doctor find each state that a person should see to, say the remedy, and exit 1 only then?"""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from domain.log.opening import open_log
from domain.log.records import RawRecord, digest_of
from domain.moments import instant, utc_now
from tests.conftest import Service
from tests.tampering import tamper

LINE = b'{"created_at": "2026-03-01T10:00:00Z", "items": [{}]}'


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A ledger that needs nothing of a person."""
    (tmp_path / "home").mkdir()
    made = Service(tmp_path / "home").begin()
    for command in ("key create", "checkpoint", f"backup {tmp_path / 'backup'}"):
        done = made.run(*command.split())
        assert done.returncode == 0, done.stderr
    return made


def told(service: Service, status: int) -> str:
    done = service.run("doctor")
    assert (done.returncode, done.stderr) == (status, b""), done
    return done.stdout.decode()


def test_a_ledger_in_order_needs_no_person(service: Service) -> None:
    said = told(service, 0)
    rows = {line.split("  ")[0] for line in said.splitlines()}
    assert rows >= {"versions", "permissions", "disk", "clock", "data keys", "views", "signing key", "signed head"}
    assert " act " not in said


@pytest.mark.parametrize("name", ["ledger.db", "ledger.key", "keys.db", "checkpoints.txt"])
def test_a_file_that_others_can_read_is_named_with_what_closes_it(service: Service, name: str) -> None:
    path = service.folder / name
    path.chmod(0o644)
    assert f"chmod go= {path}" in told(service, 1)


def test_a_missing_signing_key_a_missing_backup_and_an_old_one_are_told(service: Service) -> None:
    notes = service.folder / "backups.txt"
    long_ago = instant(utc_now() - timedelta(days=9))
    notes.write_text(f"{long_ago} 0 /backups/old\n")
    assert "9 days ago, in /backups/old" in told(service, 1)
    notes.unlink()
    (service.folder / "ledger.key").unlink()
    said = told(service, 1)
    assert "`run.py backup DIR`" in said
    assert "`run.py key create`" in said


def test_a_copy_by_litestream_counts_as_a_backup_while_it_goes_on(service: Service) -> None:
    (service.folder / "backups.txt").unlink()
    folder = service.folder / ".ledger.db-litestream"
    folder.mkdir()
    (folder / "ltx").touch()
    assert "Litestream was at work" in told(service, 0)
    assert service.run("import", "-", stdin=LINE).returncode == 0
    os.utime(folder / "ltx", (1_700_000_000, 1_700_000_000))
    os.utime(folder, (1_700_000_000, 1_700_000_000))
    assert "look why it does not go on" in told(service, 1)


def test_views_before_a_record_of_a_newer_version_are_told(service: Service) -> None:
    fields = (b"9c7e3a3e-7a0b-4a8e-9d0f-0a1b2c3d4e5f", 1, b"order.teleported.v9", b"{}", instant(utc_now()).encode())
    fields += (b"x", None, None)
    with closing(open_log(service.url)) as log, log.transaction() as t:
        t.take_over([RawRecord((t.max_notification_id() or 0) + 1, *fields, digest_of(*fields))])
    said = told(service, 1)
    assert "the topic 'order.teleported.v9' is not known to this version" in said
    assert "the program's newer version" in said


def test_a_head_that_is_not_signed_when_it_is_due_is_told(service: Service) -> None:
    tamper(service.folder / "ledger.db", "UPDATE checkpoints SET made_at = '2026-01-01T00:00:00.000000Z'")
    assert "0 events were recorded since the last" in told(service, 0)
    assert service.run("import", "-", stdin=LINE).returncode == 0
    assert "2 events were recorded since the last" in told(service, 1)


def test_a_ledger_that_cannot_be_opened_is_a_row_and_not_the_end(service: Service) -> None:
    (service.folder / "master.key").unlink()
    said = told(service, 1)
    assert "there is no master key" in said
    assert "disk" in said
