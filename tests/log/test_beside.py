"""Tables beside a log in a file: a fault that keeps them from being made once does not do so for ever."""

from contextlib import closing
from pathlib import Path

import pytest

from domain.log.beside import FileBeside
from domain.log.sqlite import Busy, connect, transaction


def test_tables_that_could_not_be_made_at_first_are_made_later(tmp_path: Path) -> None:
    beside = FileBeside(tmp_path / "beside.db", ["CREATE TABLE IF NOT EXISTS things (name TEXT) STRICT"])
    with (
        closing(connect(tmp_path / "beside.db", "FULL")) as other,
        transaction(other),
        pytest.raises(Busy),
        beside.transaction(),
    ):
        pass
    with beside.transaction() as changing:
        changing.execute("INSERT INTO things VALUES ('a')")
    assert beside.rows("SELECT name FROM things") == [("a",)]
