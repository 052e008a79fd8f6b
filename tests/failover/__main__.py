"""Every fault at full size: `python -m tests.failover` prints the result of each."""

import sys
from functools import partial

from tests.failover import faults

FULL = {
    "200 backends terminated": partial(faults.terminate, 200),
    "3 immediate shutdowns": partial(faults.shut_down, 3),
    "3 promotions of a synchronous standby": partial(faults.promote, 3, cancel=False),
    "3 with cancelled waits for it": partial(faults.promote, 3, cancel=True),
    "3 of a standby that is behind": partial(faults.promote_behind, 3),
    "2 nodes killed 50 times each": partial(faults.kill_nodes, 50),
    "PostgreSQL away for 60 s": partial(faults.be_away, 60),
    "5 partitions": partial(faults.partition, 5),
}

if __name__ == "__main__":
    for name, fault in FULL.items():
        if not sys.argv[1:] or any(word in name for word in sys.argv[1:]):
            print(f"{name}: {fault()}", flush=True)
