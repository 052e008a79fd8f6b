"""Does the thread that looks for destroyed keys log the fault that hinders it, and go on?"""

import time
from pathlib import Path
from threading import Thread

import pytest

from domain.ledger import OrderLedger
from projections import feeder
from tests.waiting import until


def test_a_fault_that_hinders_the_look_at_the_data_keys_is_logged_once(
    ledger: OrderLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.close()
    assert ledger.keys is not None
    ledger.keys.store.close()
    for file in tmp_path.glob("keys.db*"):
        file.write_bytes(b"This is no database." * 100)
    looks: list[float] = []
    monkeypatch.setattr(feeder, "_sleep", lambda seconds: (looks.append(seconds), time.sleep(0.005)))
    Thread(target=feeder._forget, args=(ledger,), daemon=True).start()
    until(lambda: len(looks) >= 20)
    ledger.keys = None  # ends the thread
    assert [told.getMessage() for told in caplog.records] == ["the data keys cannot be looked at"]
