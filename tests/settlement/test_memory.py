"""Does reading a file take the same memory whatever the file's size and format?"""

import io
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from domain.reconciliation.report import ReportInputs, report
from domain.reconciliation.rules import DEFAULT, rules_from
from domain.settlement.reading import read
from tests.settlement import test_camt053, test_mt940, test_paypal, test_stripe
from tests.settlement.making import NOON, entry, number, own, text, xlsx

# The memory beside the row being read: buffers, and caches of formats and currencies.
BYTES_MAX = 3_000_000
COUNT = 5_000
NUMBERS = range(10_000, 10_000 + COUNT)


def _own(count: int) -> bytes:
    return own(*["pi_1,payment,50.00,1.75,48.25,USD,2026-03-01T10:30:00Z,42,po_1"] * count).encode()


def _stripe(count: int) -> bytes:
    return test_stripe.report(*[test_stripe.CHARGE] * count).encode()


def _paypal(count: int) -> bytes:
    return test_paypal.report(*[test_paypal.PAYMENT] * count, tail=(f'"SC",{count}', '"FF",1')).encode()


def _camt053(count: int) -> bytes:
    return test_camt053.statement(*[test_camt053.entry("1.00", details=test_camt053.detail("A"))] * count).encode()


def _mt940(count: int) -> bytes:
    return test_mt940.statement(*[test_mt940.PAID, test_mt940.GERMAN] * count).encode()


def _xlsx(count: int) -> bytes:
    names = ("reference", "kind", "gross", "currency", "occurred_at")
    header = [text(column, name) for column, name in zip("ABCDE", names, strict=True)]
    row = [text("A", "pi_1"), text("B", "payment"), number("C", "5"), text("D", "USD"), text("E", "2026-03-01")]
    return xlsx(header, *[row] * count)


@pytest.mark.parametrize("make", [_own, _stripe, _paypal, _camt053, _mt940, _xlsx])
def test_reading_ten_times_the_lines_takes_no_more_memory(make: Callable[[int], bytes]) -> None:
    peaks = []
    for count in (300, 3000):
        stream = io.BytesIO(make(count))
        tracemalloc.start()
        assert sum(1 for _ in read(stream, "file", "acme")) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 < BYTES_MAX


def alone(work: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    """The result of the work in a process without other threads, whose memory would be counted, too."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work).result()


def test_a_line_costs_less_than_a_kilobyte_until_its_report_is_made() -> None:
    results, peak = alone(_report_of_lines)
    assert results == COUNT
    assert peak < COUNT * 1_000


def test_a_line_and_its_payment_cost_less_than_one_and_a_half_kilobytes_until_their_report_is_made() -> None:
    """100,000 lines against 100,000 payments thus fit into 200 MB, the rest of the process included."""
    results, peak = alone(_report_of_lines_and_payments)
    assert results == COUNT
    assert peak < COUNT * 1_500


def _report_of_lines() -> tuple[int, int]:
    """The number of results, and the highest memory up to then in bytes."""
    rows = (f"pi_{n},payment,50.00,1.75,48.25,USD,2026-03-01T10:30:00Z,{n},po_{n // 1000}" for n in NUMBERS)
    stream, rules = io.BytesIO(own(*rows).encode()), rules_from(DEFAULT)
    tracemalloc.start()
    made = report(ReportInputs("acme", "", "", 1, NOON), list(read(stream, "file", "acme")), [], [], rules)
    return sum(1 for _ in made.results), tracemalloc.get_traced_memory()[1]


def _report_of_lines_and_payments() -> tuple[int, int]:
    """The number of matched results, and the highest memory up to then in bytes."""
    rows = (f"pi_{n:020},payment,{n}.00,1.00,{n - 1}.00,USD,2026-03-01T10:30:00Z,{n},po_{n // 1000}" for n in NUMBERS)
    stream, rules = io.BytesIO(own(*rows).encode()), rules_from(DEFAULT)
    entries = (entry(position=n, order_id=n, reference=f"pi_{n:020}", amount=n * 100) for n in NUMBERS)
    tracemalloc.start()
    made = report(ReportInputs("acme", "", "", 1, NOON), list(read(stream, "file", "acme")), [], entries, rules)
    matched = sum(result.outcome == "matched" for result in made.results)
    return matched, tracemalloc.get_traced_memory()[1]
