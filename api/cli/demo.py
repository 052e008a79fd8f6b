"""Sample orders for a first look: among them the two contracts' own examples."""

import json
import secrets
from pathlib import Path
from typing import Final

from api import orders, shop, storefront
from domain.importing import import_lines
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.log.records import Provenance

_PROVENANCE: Final = Provenance("cli:demo")
_SAMPLES: Final = Path(__file__).with_name("demo.jsonl")


def load_demo(ledger: OrderLedger, base: str) -> str:
    """Loads the samples into an empty ledger and makes new keys for them; returns the text to print."""
    if ledger.head() == 0:
        with _SAMPLES.open("rb") as lines:
            import_lines(ledger, lines, on_rejected=_reject, provenance=_PROVENANCE)
    elif ledger.log_of_events.actor_at(1) != _PROVENANCE.actor:
        return "\nThis ledger has orders of its own, so no samples were loaded; `run.py token create` makes keys."
    keys, now, mark = Keys(ledger.log_of_events, ledger.watch), ledger.clock(), secrets.token_hex(3)
    for old in keys.list():
        if old.name.startswith("demo-") and old.revoked_at is None:
            ledger.write(keys.revoke, old.name, now=now, by=_PROVENANCE).result()
    customer = ledger.write(keys.create, now=now, customer_id=1, name=f"demo-customer-{mark}", by=_PROVENANCE).result()
    scopes = ("orders:read", "orders:write", "finance:write")
    staff = ledger.write(keys.create, now=now, scopes=scopes, name=f"demo-staff-{mark}", by=_PROVENANCE).result()
    body = json.dumps({"currency": "USD", "customer": {"id": 1}, "items": [{"unit_price": "79.99", "quantity": 2}]})
    return f"""

Sample orders are loaded. Keys to try, made anew at each start:
  customer 1   {customer}
  staff        {staff}

  curl -H 'Authorization: Token {customer}' '{base}{shop.PATH}?ordering=-created_at&limit=20'
  curl -H 'Authorization: Bearer {customer}' '{base}{storefront.PATH}/'
  curl -H 'Authorization: Bearer {staff}' '{base}{orders.PATH}?search=john&is_paid=false'
  curl -H 'Authorization: Bearer {staff}' -H 'Content-Type: application/json' \\
       -d '{body}' '{base}{orders.PATH}'
"""


def _reject(number: int, reason: str) -> None:
    raise AssertionError(f"sample order {number}: {reason}")
