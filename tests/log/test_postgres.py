"""What a log on PostgreSQL does beside what every log does: its lock, its round trips, what it refuses."""

from collections.abc import Callable

import pytest

from domain.log.log import Log
from domain.log.opening import open_log
from tests.log.contract import LogContract
from tests.postgres import Cluster


@pytest.fixture(scope="module")
def new_log_on(cluster: Cluster) -> Callable[[], Log]:
    def make() -> Log:
        log = open_log(cluster.url(cluster.new_database()))
        log.create()
        return log

    return make


class TestPostgresLog(LogContract):
    @pytest.fixture(scope="class")
    @classmethod
    def new_log(cls, new_log_on: Callable[[], Log]) -> Callable[[], Log]:
        return new_log_on
