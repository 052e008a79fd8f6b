"""Do the audit feed and docs/proof.md suffice to write one's own verifier?"""

import re
from copy import deepcopy
from typing import Any

from tests.audit.conftest import Office, one_of_each, one_of_what_few_have, reconcile
from tests.conftest import ROOT

(CODE,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "proof.md").read_text(), re.DOTALL)


def test_the_code_of_the_page_comes_to_the_signed_root_from_the_feed_of_every_kind_of_history(office: Office) -> None:
    names: dict[str, Any] = {}
    exec(CODE, names)
    one_of_each(office)
    office.place(items=[{"product": {"id": 1, "name": "Lámpara پیک"}, "unit_price": "1"}])
    office.clock.tick(microseconds=70)
    one_of_what_few_have(office)
    reconcile(office)
    officer = office.key("keys:write", "orders:read", "finance:read", "finance:write")
    for path, body in (
        ("/api/v1/keys", {"name": "theo", "scopes": ["orders:read"]}),
        ("/api/v1/finance/periods", {"period": "2026-02", "provider": "stripe"}),
    ):
        assert office.ask(path, officer, "POST", json=body).status_code == 201
    events, head = office.feed(), office.audit("/checkpoint")["checkpoint"]
    assert {len(event["recorded_at"]) for event in events} == {20, 27}
    assert names["holds"](events, head)
    for changed in ("data", "actor", "version"):
        others = deepcopy(events)
        others[3][changed] = {} if changed == "data" else "7"
        assert not names["holds"](others, head)
    assert not names["holds"](events[:-1], head)
