"""Does a serving process give back the memory that a rebuild of its views took?"""

import json
from collections.abc import Callable

from tests.conftest import Service
from tests.crash.processes import memory_bytes, workers

ORDERS = 1_500
NOTES = "n" * 10_000


def test_a_service_that_has_made_its_views_anew_serves_in_little_more_memory(
    make_service: Callable[..., Service],
) -> None:
    lines = [json.dumps({"key": f"k{number}", "notes": NOTES, "items": []}) for number in range(ORDERS)]
    found = make_service(workers=1)
    assert found.run("import", "-", stdin="\n".join(lines).encode()).returncode == 0
    taken = {}
    for how in ("anew", "found"):
        found.stop()
        if how == "anew":
            for path in found.folder.glob("views.db*"):
                path.unlink()
        found.start()
        (worker,) = workers(found)
        taken[how] = memory_bytes(worker)
    assert taken["anew"] < 1.3 * taken["found"]
