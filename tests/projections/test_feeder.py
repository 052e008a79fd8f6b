"""The threads that feed and watch the views: no passing fault ends one of them."""

import resource
import time
from pathlib import Path
from threading import Thread

import pytest

from domain.ledger import OrderLedger
from domain.log.opening import open_log
from domain.log.sqlite import transaction
from domain.moments import utc_now
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation, keys_of
from projections import feeder
from projections.views import generation
from projections.views.views import Views
from tests.postgres import Cluster


def test_views_are_copied_behind_an_erasure_also_where_the_disk_was_full_at_first(
    database: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(cluster.url(database))
    keys = keys_of(log, KeysLocation(tmp_path / "keys.db", MastersLocation(tmp_path / "master.key")), utc_now())
    ledger = OrderLedger(log, keys=keys)
    views = Views(ledger, tmp_path / "views.db")
    views.ensure()
    with transaction(views._writer_in_force()) as writer:
        generation.mark_erased(writer)
    monkeypatch.setattr(feeder, "_RENEW_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(feeder, "_PAUSE_SECONDS", 0.05)
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        renewing = Thread(target=feeder._again, args=(feeder._renew, ledger, views), daemon=True)
        renewing.start()
        time.sleep(0.5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    deadline = time.monotonic() + 10
    while generation.may_hold_erased(views.reader):
        assert renewing.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    ledger.keys = None  # ends the thread
    renewing.join()
    views.close()
    ledger.close()
