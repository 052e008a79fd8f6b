"""What does pm4py make of an object-centric event log?

It runs in an environment with pm4py, and prints JSON.

Usage: python ocel_reader.py FILE
"""

import json
import sys

import pm4py
from pm4py.objects.ocel.validation import ocel20_rel_validation


def main(file: str) -> None:
    satisfied, unsatisfied = ocel20_rel_validation.apply(file)
    log = pm4py.read_ocel2_sqlite(file)
    flat = pm4py.ocel_flattening(log, "order")
    cases = flat.groupby("case:concept:name", sort=False)["concept:name"].agg(list)
    changes = log.object_changes.sort_values("ocel:timestamp", kind="stable")
    found = {
        "satisfied": len(satisfied),
        "unsatisfied": unsatisfied,
        "activities": log.events["ocel:activity"].value_counts().to_dict(),
        "objects": log.objects["ocel:type"].value_counts().to_dict(),
        "cases": cases.to_dict(),
        "statuses": changes[changes["ocel:field"] == "status"].groupby("ocel:oid")["status"].agg(list).to_dict(),
        "received": int(log.events["amount_minor"][log.events["ocel:activity"] == "PaymentReceived"].sum()),
        "relations": len(log.relations),
        "between_objects": log.o2o["ocel:qualifier"].value_counts().to_dict(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
