"""The file that notes every reading of personal data."""

import json
from pathlib import Path

from domain.moments import utc_now
from domain.privacy.accesses import Accesses


def test_a_line_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "accesses.txt"
    for cut, actor in ((0, "mina"), (20, "tom"), (0, "ada")):
        Accesses(file).note(actor=actor, orders=["an order"], parts=["contact"], request_id=None, now=utc_now())
        file.write_bytes(file.read_bytes()[: file.stat().st_size - cut])
    first, _, third = file.read_text().splitlines()
    assert [json.loads(line)["actor"] for line in (first, third)] == ["mina", "ada"]
