"""The quota of settlements: is a file above it refused, and is all that was kept before still there?"""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service
from tests.reconciliation.conftest import Office, only

# One such file and its report are stored in less than a MiB, two in more.
ROWS = 8_000


def rows(seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"{chance.randbytes(20).hex()},payment,1.00,0,1.00,USD,2026-02-01T00:00:00Z,," for _ in range(ROWS)]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path, LEDGER_KEPT_FILES_MIB="1")
    office.paid("pi_1")
    return office


@pytest.fixture
def filled(office: Office) -> dict[str, Any]:
    """A ledger whose quota is used up, and whose first file lacks a payment. Returns the first reconciliation."""
    one = office.start("pi_2,payment,50.00,0,50.00,USD,@,,")
    for seed in (1, 2):
        assert office.upload(office.file(*rows(seed))).status_code == 201
    return one


def test_a_file_beyond_the_quota_is_refused_with_what_to_do_and_nothing_is_recorded(
    office: Office, filled: dict[str, Any]
) -> None:
    head, kept = office.ledger.head(), office.ledger.log_of_events.kept_files()
    for content in (office.file("pi_3,payment,1.00,0,1.00,USD,@,,"), office.file(*rows(3))):
        refused = office.upload(content)
        assert (refused.status_code, refused.json["code"]) == (507, "kept-files-full"), refused.text
        assert "may take 1.0 MiB" in refused.json["detail"]
        assert "LEDGER_KEPT_FILES_MIB" in refused.json["detail"]
    assert office.ledger.head() == head
    assert office.ledger.log_of_events.kept_files() == kept


def test_a_report_is_not_made_anew_beyond_the_quota(office: Office, filled: dict[str, Any]) -> None:
    office.paid("pi_2")
    head = office.ledger.head()
    refused = office.decide(filled, "run")
    assert (refused.status_code, refused.json["code"]) == (507, "kept-files-full"), refused.text
    assert office.ledger.head() == head


def test_a_kept_file_can_be_read_sent_again_and_decided_beyond_the_quota(
    office: Office, filled: dict[str, Any]
) -> None:
    again = office.upload(office.get(filled, "/file").content)
    assert (again.status_code, again.json["id"]) == (200, filled["id"])
    missing = only(filled, "missing_in_ledger")
    assert office.decide(filled, "explain", results=[missing], reason="another shop's").status_code == 200
    assert office.decide(filled, "close").status_code == 200


def test_the_command_line_refuses_a_file_beyond_the_quota_in_the_same_words(tmp_path: Path) -> None:
    service = Service(tmp_path, LEDGER_KEPT_FILES_MIB="1")
    assert service.run("import", "-", stdin=b'{"items": []}').returncode == 0
    header = "reference,kind,gross,fee,net,currency,occurred_at,order,payout"
    for seed, status in ((1, 1), (2, 1), (3, 2)):
        (tmp_path / "march.csv").write_text("\n".join([header, *rows(seed), ""]))
        done = service.run("reconcile", str(tmp_path / "march.csv"), "--provider", "stripe")
        assert done.returncode == status, done.stderr
    assert "LEDGER_KEPT_FILES_MIB" in " ".join(done.stderr.decode().split())
