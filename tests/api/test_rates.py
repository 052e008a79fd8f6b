"""Is a caller held to the operator's rate and told of it beforehand, without an effect on other callers?"""

import re
import time
from collections.abc import Callable

import pytest

from tests.api.conftest import SHOP, assert_problem
from tests.conftest import Service


def test_a_caller_above_its_rate_gets_429_with_retry_after_and_others_notice_nothing(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(workers=1, LEDGER_RATE_LIMIT="5/2")
    greedy, other = (service.client(service.key(customer=id_)) for id_ in (7, 8))
    answers = [greedy.get(SHOP) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    left = [int(re.fullmatch(r'"caller";r=(\d+);t=\d+', answer.headers["RateLimit"])[1]) for answer in answers]
    assert left == sorted(left, reverse=True)
    assert answers[0].headers["RateLimit-Policy"] == '"caller";q=5;w=2'
    while (refused := greedy.get(SHOP)).status_code == 200:
        pass
    assert_problem(refused, 429, "rate-limited")
    assert other.get(SHOP).status_code == 200
    assert service.client("unknown").get("/healthz").status_code == 200
    time.sleep(int(refused.headers["Retry-After"]))
    assert greedy.get(SHOP).status_code == 200


def test_requests_have_no_limit_without_the_setting(service: Service) -> None:
    client = service.client(service.key(customer=7))
    answers = [client.get(SHOP) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


@pytest.mark.parametrize("value", ["600", "0/60", "600/0", "a/b", "-1/5"])
def test_a_rate_that_is_none_is_named(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = Service(tmp_path_factory.mktemp("rate"), LEDGER_RATE_LIMIT=value).run("serve")
    assert (done.returncode, b"like '600/60'" in done.stderr) == (2, True)
