"""How long do 100,000 settlement lines against 100,000 payments take, and how much memory?

    python -m bench.reconcile [PAYMENTS] [SEED]

A file is made from the seed with 2% of each kind of trouble planted in it. It is written in our own layout, read again,
matched, and tied out, and the results are compared with the plan. Memory is the highest of this process so far, the
making of the file included.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TypeVar

from domain.reconciliation.matching import Result
from domain.reconciliation.tieout import tie_out
from domain.settlement.reading import read
from tests.settlement.planting import AS_OF, PROVIDER, RULES, Planting, match_alone, own_rows

T = TypeVar("T")


def timed(what: str, work: Callable[[], T]) -> T:
    start, start_cpu = time.perf_counter(), time.process_time()
    done = work()
    print(f"{what:<28}{time.perf_counter() - start:8.2f} s{time.process_time() - start_cpu:8.2f} s of the processor")
    return done


def main(payments: int, seed: int) -> None:
    planted = Planting(seed, payments)
    with tempfile.TemporaryFile() as file:
        file.writelines(row.encode() for row in own_rows(planted.lines))
        entries, expected = planted.entries, planted.expected
        print(f"{len(planted.lines)} lines, {file.tell() / 1e6:.1f} MB, against {len(entries)} payments and refunds")
        print(f"{'memory before':<28}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB")
        del planted

        def all_of_it() -> list[Result]:
            lines = timed("reading", lambda: list(read(file, "planted.csv", PROVIDER)))
            results = timed("matching", lambda: match_alone(lines, entries, RULES, as_of=AS_OF))
            timed("tying out", lambda: tie_out(lines))
            return results

        results = timed("all of it", all_of_it)
    print(f"{'memory at most':<28}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB")
    found = {(result.outcome, result.rule, result.lines, result.entries) for result in results}
    right = len(found & expected)
    print(f"precision {right / len(found):.6f}, recall {right / len(expected):.6f}, of {len(expected)} outcomes")
    if found != expected or len(found) != len(results):
        sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
