#!/usr/bin/env python3
"""Is this order's history the one that was recorded? Checks an evidence pack, offline.

    python3 verify.py                      the pack that this file stands in
    python3 verify.py evidence.zip         any pack, zipped or unpacked
    python3 verify.py evidence.zip --key 'shop.example/orders+01234567+Ab...' --checkpoint kept.txt

It needs Python 3.8 or newer and nothing else: no network, no package, none of the ledger's own code. It prints each
check with its result. It exits with 0 where all checks hold, 1 where one fails, 2 where it was called wrongly or could
not read its input. README.txt in the pack explains the files.
"""

# ruff: noqa: B905 (zip() is not strict before Python 3.10; lengths are compared beforehand)
# ruff: noqa: T201 (printing is what this program is for)

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sys
import textwrap
import zipfile
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

FILES = (
    "README.txt",
    "checkpoint.txt",
    "events.jsonl",
    "key.txt",
    "manifest.txt",
    "order.json",
    "personal.json",
    "proofs.json",
    "verify.py",
)
# The files of a reconciliation's pack in place of the order's documents; its events name their SHA-256.
KEPT = ("report.json", "rules.toml", "settlement")
# Those of them that an erasure of `file` removes.
ERASABLE = ("report.json", "settlement")
FILE_BYTES_MAX = 1 << 28


class Part(NamedTuple):
    """A part of the personal data in an event: its text, and the salt that was hashed with the text."""

    salt: bytes
    text: str


class Wrong(Exception):
    """A check failed: the file at fault, and the reason in words."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
        self.why = why


class Unreadable(Wrong):
    """A file that proves nothing, for or against: your input is no checkpoint, no key or no zip."""


# --- The checks: each answers with one sentence, or raises Wrong ------------------------------------------------------


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def signed(files: dict[str, bytes]) -> str:
    checkpoint = checkpoint_of(files)
    check_signature("checkpoint.txt", checkpoint, key_of(files))
    return (
        f"checkpoint.txt is signed with that key: {checkpoint.origin} had {_records(checkpoint.size)}, under one root."
    )


def handed_over(files: dict[str, bytes]) -> str:
    """Checks that earlier keys handed over up to the key in key.txt, each by a checkpoint that it and the next key
    sign."""
    handovers, stated, paths = handovers_of(files), checkpoint_of(files), continuations_of(files)
    for former, following, said in handovers:
        for key in (former, following):
            check_signature("proofs.json", said, key)
        if said.size > stated.size or not is_consistent(said, stated, paths.get(said.size, [])):
            raise Wrong("proofs.json or checkpoint.txt", f"the log does not go on from the handover at {said.size}")
    told = ", ".join(f"{former.name}+{former.id.hex()} up to record {said.size}" for former, _, said in handovers)
    return f"proofs.json: keys that signed before handed over, one to the next, to that in key.txt: {told}."


def recomputed(files: dict[str, bytes]) -> str:
    records = records_of(files)
    for record in records:
        if digest_of(record).hex() != record["digest"]:
            raise Wrong("events.jsonl", f"the digest of version {record['version']} is not that of what stands there")
    return f"events.jsonl: made anew from every stored field, the digests are the same, of {_records(len(records))}."


def included(files: dict[str, bytes]) -> str:
    checkpoint, records, proofs = checkpoint_of(files), records_of(files), proofs_of(files)
    if [proof["position"] for proof in proofs["inclusion"]] != [record["position"] for record in records]:
        raise Wrong("proofs.json", "its positions are not those of events.jsonl")
    for record, proof in zip(records, proofs["inclusion"]):
        if not is_included(digest_of(record), record["position"] - 1, checkpoint, hashes(proof["path"])):
            raise Wrong(
                "proofs.json, events.jsonl or checkpoint.txt",
                f"version {record['version']} is not proven to be record {record['position']} of the log",
            )
    return f"proofs.json: each record is in that log, at the position that it states: {_records(len(records))}."


def in_order(files: dict[str, bytes]) -> str:
    records, whose = records_of(files), "reconciliation" if is_of_reconciliation(files) else "order"
    if [record["version"] for record in records] != list(range(1, len(records) + 1)):
        raise Wrong("events.jsonl", "the versions are not 1, 2, 3 and so on without a gap")
    if len({record["originator_id"] for record in records}) != 1:
        raise Wrong("events.jsonl", f"the records are not all of one {whose}")
    for column in ("position", "recorded_at"):
        if [record[column] for record in records] != sorted(record[column] for record in records):
            raise Wrong("events.jsonl", f"the versions do not follow each other in {column}")
    of = f"{whose} {records[0]['originator_id']}"
    return f"events.jsonl: they are versions 1 to {len(records)} of {of}, without a gap."


def shown(files: dict[str, bytes]) -> str:
    """Checks that every shown part of personal data is the text that was sealed. Parts not shown are hidden or, after
    an erasure, erased."""
    records, given = records_of(files), personal_of(files)
    found: dict[str, list[str]] = {"shown and true": [], "hidden": [], "erased": []}
    gone: set[str] = set()
    for record in reversed(records):
        event = read_json("events.jsonl", record["payload"])
        if kind_of(record) in ERASED:
            gone.update(event["erased"])
        for part, sealed in sealed_parts(record, event).items():
            what = f"{part} of version {record['version']}"
            text = given.pop((record["version"], part), None)
            if text is None:
                found["erased" if part in gone else "hidden"].append(what)
            elif base64.b64encode(hashlib.sha256(text.salt + text.text.encode()).digest()).decode() != sealed["hash"]:
                raise Wrong("personal.json", f"the {what} is not what was sealed there")
            else:
                found["shown and true"].append(what)
    if given:
        version, part = next(iter(given))
        raise Wrong("personal.json", f"version {version} has no sealed {part!a}")
    told = [f"{state}: {', '.join(reversed(parts))}" for state, parts in found.items() if parts]
    return f"personal.json: {'; '.join(told) or 'nothing in this history is sealed'}."


def folded(files: dict[str, bytes]) -> str:
    records, given = records_of(files), personal_of(files)
    try:
        made = document(fold(records, given))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Wrong("events.jsonl", f"its events make no order: {error!r}") from None
    stated = read_json("order.json", text_of(files, "order.json"))
    differing = list(differences(stated, made, ""))
    if differing:
        raise Wrong("order.json", f"it is not what the events make, in {', '.join(differing)}")
    return "order.json is what these events make, in every field (totals, payments and status computed anew)."


def named(files: dict[str, bytes]) -> str:
    """Checks that the files kept of a reconciliation have the SHA-256 that its events name."""
    names: dict[str, Any] = {}
    is_erased = False
    for record in records_of(files):
        if not record["topic"].startswith("reconciliation."):
            raise Wrong("events.jsonl", "these are no events of a reconciliation")
        event = read_json("events.jsonl", record["payload"])
        names.update(event)
        is_erased = is_erased or (kind_of(record) in ERASED and "file" in event["erased"])
    gone = [name for name in ERASABLE if is_erased and name not in files]
    for name, field in zip(KEPT, ("report_sha256", "rules_sha256", "file_sha256")):
        if name not in gone and names.get(field) != hashlib.sha256(part(files, name)).hexdigest():
            raise Wrong(name, "its SHA-256 is not the one that the events name")
    if gone:
        return "rules.toml is what the events name; the file and what it came to were erased, as the events say."
    return f"{', '.join(KEPT)}: what was taken in, by which rules, and what it came to last, are what the events name."


def is_of_reconciliation(files: dict[str, bytes]) -> bool:
    return "rules.toml" in files and "order.json" not in files


def files_of(files: dict[str, bytes]) -> tuple[str, ...]:
    """The files that a pack of this kind has. An erasure may have removed some of a reconciliation's; packs from before
    reasons were sealed have no personal.json."""
    if not is_of_reconciliation(files):
        return FILES
    absent = {name for name in (*ERASABLE, "personal.json") if name not in files}
    return tuple(sorted({*FILES, *KEPT} - absent - {"order.json"}))


def intact(files: dict[str, bytes]) -> str:
    names = files_of(files)
    lines = [f"{hashlib.sha256(part(files, name)).hexdigest()}  {name}" for name in names if name != "manifest.txt"]
    stated = part(files, "manifest.txt").decode("utf-8", "replace")
    changed = [line[66:] for line in lines if line not in stated.split("\n")]
    if changed:
        raise Wrong(", ".join(changed), "not as manifest.txt lists it; one of the two was changed")
    if stated != "".join(line + "\n" for line in lines):
        raise Wrong("manifest.txt", "it is not the list of the pack's files, sorted, one a line")
    return f"the {len(names)} files are as manifest.txt lists them, byte for byte."


def is_given_key(files: dict[str, bytes], given: Key) -> str:
    if key_of(files) == given:
        return "key.txt is the key you gave."
    for former, _, said in handovers_of(files):
        if former == given:
            were = "was" if said.size == 1 else "were"
            return f"key.txt: the key you gave handed over to it, when there {were} {_records(said.size)}."
    raise Wrong("key.txt", "it is not the key you gave")


def continues(files: dict[str, bytes], kept: list[Checkpoint]) -> str:
    """Checks that the pack's log goes on from the checkpoints you kept: from each for which the pack has a proof."""
    stated, proofs = checkpoint_of(files), continuations_of(files)
    earlier = [mine for mine in kept if mine.size <= stated.size]
    if not earlier:
        newest = max(mine.size for mine in kept)
        check_turn(kept[-1], files)
        raise Wrong(
            "checkpoint.txt", f"it is older than yours ({_records(stated.size)}, yours {newest}); get a new pack"
        )
    proven = [mine for mine in earlier if mine.size in (0, stated.size, *proofs)]
    for mine in proven or earlier[-1:]:
        check_turn(mine, files)
    if not proven:
        size = earlier[-1].size
        raise Wrong(
            "proofs.json", f"it has no proof from your {_records(size)} on; get a pack made for your checkpoint"
        )
    for mine in proven:
        if not is_consistent(mine, stated, proofs.get(mine.size, [])):
            raise Wrong(
                "checkpoint.txt or proofs.json",
                "this log is not proven to begin with that of your checkpoint. If the files are intact, then the log"
                " was rewritten: keep both checkpoints, for both are signed",
            )
    size = max(mine.size for mine in proven)
    others = len(kept) - len(proven)
    rest = f" Of {others} more in your file this pack has no proof, or they are newer than it." if others else ""
    return f"the log of checkpoint.txt begins with the {_records(size)} of your checkpoint, unchanged.{rest}"


# --- The order that the events make -----------------------------------------------------------------------------------

ITEM_CHANGING = ("unit_price", "quantity", "shipping", "discount_amount")
# The changes of each kind of event in an order: (order, event) to the fields with new values.
CHANGES: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "order.item_added.v1": lambda order, event: {"items": [*order["items"], event]},
    "order.item_quantity_changed.v1": lambda order, event: {
        "items": [{**i, "quantity": event["quantity"]} if i["item"] == event["item"] else i for i in order["items"]]
    },
    "order.item_changed.v1": lambda order, event: {
        "items": [
            {**i, **{name: event[name] for name in ITEM_CHANGING}} if i["item"] == event["item"] else i
            for i in order["items"]
        ]
    },
    "order.item_removed.v1": lambda order, event: {"items": [i for i in order["items"] if i["item"] != event["item"]]},
    "order.voucher_applied.v1": lambda _, event: {"voucher": event},
    "order.voucher_removed.v1": lambda _, __: {"voucher": None},
    "order.charges_changed.v1": lambda _, event: {"charges": event.get("charges", [])},
    "order.customer_changed.v1": lambda _, event: {
        "customer_id": event["customer_id"],
        "customer": event["personal"]["customer"],
    },
    "order.external_ids_changed.v1": lambda order, event: {
        "external_ids": {
            **{system: id for system, id in order["external_ids"].items() if system not in event.get("removed", ())},
            **event.get("given", {}),
            **event.get("given_again", {}),
        }
    },
    "order.metadata_changed.v1": lambda order, event: {
        "metadata": event["personal"].get("metadata", order["metadata"]),
        "items": [
            {**i, "metadata": event["personal"].get("items", {}).get(str(i["item"]), i.get("metadata"))}
            for i in order["items"]
        ],
    },
    "order.billing_changed.v1": lambda _, event: {"billing": event["personal"]["billing"]},
    "order.recipient_changed.v1": lambda _, event: {"recipient": event["personal"]["shipping"]},
    "order.notes_changed.v1": lambda _, event: {"notes": event["personal"].get("notes")},
    "order.payment_method_changed.v1": lambda _, event: {"payment_method": event.get("payment_method")},
    "order.shipping_changed.v1": lambda _, event: {
        "shipping_method": event.get("shipping_method"),
        "shipping_cost": event["shipping_cost"],
    },
    "order.status_changed.v1": lambda _, event: {"status": event["status"]},
    "order.payment_received.v1": lambda order, event: moved(order, event, "payment"),
    "order.payment_received.v2": lambda order, event: moved(order, event, "payment"),
    "order.payment_refunded.v1": lambda order, event: moved(order, event, "refund"),
    "order.payment_refunded.v2": lambda order, event: moved(order, event, "refund"),
    "order.payment_failed.v1": lambda order, event: moved(order, event, "payment_failure"),
    "order.refund_failed.v1": lambda order, event: moved(order, event, "refund_failure"),
    "order.payment_charged_back.v1": lambda order, event: moved(order, event, "chargeback"),
    "order.chargeback_reversed.v1": lambda order, event: moved(order, event, "chargeback_reversal"),
    "order.payment_voided.v1": lambda order, event: moved(order, event, "void"),
}


ERASED = ("order.personal_erased.v1", "reconciliation.personal_erased.v1")
SEALED = "+sealed"
BILLING_OF = {
    "contact": ("mobile_number",),
    "invoice": ("city", "address", "postal_code", "national_code", "first_name", "last_name"),
}


def erased(order: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The changes in an order when parts of its personal data are erased, or not shown any longer."""
    gone = [*event["erased"], *event.get("restricted", ())]
    names = [name for part in gone for name in BILLING_OF[part]]
    before = order.get("personal", {"erased": [], "restricted": []})
    all_erased = list(dict.fromkeys([*before["erased"], *event["erased"]]))
    restricted = dict.fromkeys([*before["restricted"], *event.get("restricted", ())])
    changes: dict[str, Any] = {
        **{
            address: {name: value for name, value in order[address].items() if name not in names}
            for address in ("billing", "recipient")
        },
        "personal": {"erased": all_erased, "restricted": [part for part in restricted if part not in all_erased]},
    }
    if "contact" in gone:
        payments = [(kind, {**payment, "reason": None}, credited) for kind, payment, credited in order["payments"]]
        items = [{name: value for name, value in item.items() if name != "metadata"} for item in order["items"]]
        changes.update(customer={}, notes=None, payments=payments, items=items, metadata={})
    return changes


CHANGES[ERASED[0]] = erased


def kind_of(record: dict[str, Any]) -> str:
    """The topic of a record, without the mark of a sealed one."""
    topic: str = record["topic"]
    return topic[: -len(SEALED)] if topic.endswith(SEALED) else topic


def sealed_parts(record: dict[str, Any], event: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Takes the sealed parts out of an event."""
    if not record["topic"].endswith(SEALED):
        return {}
    held = event["personal"]
    return {part: held.pop(part) for part in list(held) if set(held[part]) == {"key", "hash", "data"}}


def event_of(record: dict[str, Any], given: dict[tuple[int, str], Part]) -> dict[str, Any]:
    """The event of a record, with the parts of it that the pack shows."""
    event: dict[str, Any] = read_json("events.jsonl", record["payload"])
    for part in sealed_parts(record, event):
        if (record["version"], part) in given:
            put_back(event, read_json("personal.json", given[record["version"], part].text))
    return event


def put_back(event: dict[str, Any], taken: dict[str, Any]) -> None:
    for name, value in taken.items():
        if isinstance(value, dict) and isinstance(event.get(name), dict):
            put_back(event[name], value)
        else:
            event[name] = value


# The first version does not state the currency's digits. They are those of its shipping cost, since every amount has
# all of them. The digits that the second version states must agree.
CREATED = ("order.created.v1", "order.created.v2")


def created(record: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    personal = event.get("personal", {})
    digits = len(event["shipping_cost"].partition(".")[2])
    if kind_of(record) == "order.created.v2" and event["digits"] != digits:
        raise Wrong("events.jsonl", f"the digits of {event['currency']} are not those of the shipping cost")
    return {
        "uuid": record["originator_id"],
        "created_at": event["occurred_at"],
        "updated_at": event["occurred_at"],
        "status": "new",
        "customer": personal.get("customer", {}),
        "billing": personal.get("billing", {}),
        "notes": personal.get("notes"),
        "items": [],
        "voucher": None,
        "charges": [],
        "recipient": {},
        "metadata": {},
        "external_ids": {},
        "payments": [],
        "digits": digits,
        **{name: event[name] for name in ("id", "key", "currency", "shipping_cost")},
        **{name: event.get(name) for name in ("customer_id", "payment_method", "shipping_method")},
    }


def fold(records: list[dict[str, Any]], given: dict[tuple[int, str], Part]) -> dict[str, Any]:
    """The order after all its events. Amounts are still the events' text, with all the currency's digits."""
    order: dict[str, Any] = {}
    for record in records:
        topic, event = kind_of(record), event_of(record, given)
        if (topic in CREATED) != (record is records[0]):
            raise Wrong("events.jsonl", "the first event, and no other, must be the order's creation")
        if topic in CREATED:
            order = created(record, event)
        elif topic in CHANGES:
            order = {**order, **CHANGES[topic](order, event)}
        else:
            raise Wrong("events.jsonl", f"this program does not know events of the kind {topic!a}")
        # Without the Z, times sort as text, with microseconds or without.
        order["updated_at"] = max(order["updated_at"], event["occurred_at"], key=lambda time: time[:-1])
        order["version"] = record["version"]
    return order


def document(order: dict[str, Any]) -> dict[str, Any]:
    """The order document that these events make, with the computed amounts."""
    digits = order["digits"]
    totals = totals_of(order)
    paid = totals["amount_paid"] + credited(order) >= totals["total"]
    status, voucher = order["status"], order["voucher"]
    return {
        **{name: order[name] for name in ("id", "key", "uuid", "version", "status", "currency", "notes")},
        **{name: order[name] for name in ("created_at", "updated_at", "metadata", "external_ids")},
        **{name: number(units, digits) for name, units in totals.items()},
        **address("billing", order["billing"]),
        **address("shipping", order["recipient"]),
        "customer": customer(order),
        "payment_method": method(order["payment_method"]),
        "shipping_method": method(order["shipping_method"]),
        "count": len({product_of(item) for item in order["items"]}),
        "quantity": sum(item["quantity"] for item in order["items"]),
        "is_paid": paid,
        "is_payable": not paid and status not in ("cancelled", "refunded", "deleted"),
        "storefront_status": STOREFRONT_STATUS.get(status, "paid" if paid else "awaiting_payment"),
        "items": [line(item, digits) for item in order["items"]],
        "voucher": {"code": voucher.get("code"), "discount_amount": amount(voucher["discount_amount"], digits)}
        if voucher
        else None,
        "charges": [charge(each, digits) for each in order["charges"]],
        "payments": [payment(kind, event, digits) for kind, event, _ in order["payments"]],
        **({"personal": order["personal"]} if "personal" in order else {}),
    }


CONTACT = ("email", "first_name", "last_name", "phone")
ADDRESS_TEXTS = ("address", "postal_code", "national_code", "mobile_number", "first_name", "last_name")
STOREFRONT_STATUS = {"cancelled": "cancelled", "refunded": "cancelled", "completed": "delivered"}


def totals_of(order: dict[str, Any]) -> dict[str, int]:
    """The order's totals, in the currency's smallest units."""
    items = order["items"]
    subtotal = sum(minor(item["unit_price"]) * item["quantity"] for item in items)
    items_discount = sum(minor(item["discount_amount"]) for item in items)
    discount = items_discount + (minor(order["voucher"]["discount_amount"]) if order["voucher"] else 0)
    shipping = minor(order["shipping_cost"]) + sum(minor(item["shipping"]) for item in items)
    charges = sum(minor(charge["amount"]) for charge in order["charges"] if not charge.get("included"))
    total = subtotal - discount + shipping + charges
    paid = sum(minor(event["amount"]) * SIGNS[kind] for kind, event, _ in order["payments"])
    return {
        "items_subtotal": subtotal,
        "items_discount": items_discount,
        "subtotal": subtotal - items_discount,
        "total_discount": discount,
        "shipping_cost": shipping,
        "total": total,
        "amount_paid": paid,
        "amount_outstanding": max(0, total - credited(order) - paid),
        **({"charges_total": charges} if order["charges"] else {}),
    }


# SIGNS is the effect of each kind of movement on the paid sum. Movements in CREDITING lower the order's debt. Movements
# in GIVING_BACK take one of those back and raise the debt again: their field here has the other's reference.
SIGNS = {
    "payment": 1,
    "refund": -1,
    "payment_failure": -1,
    "refund_failure": 1,
    "chargeback": -1,
    "chargeback_reversal": 1,
    "void": -1,
}
CREDITING = ("refund", "chargeback")
GIVING_BACK = {
    "refund_failure": ("refund", "refund_reference"),
    "chargeback_reversal": ("chargeback", "chargeback_reference"),
}


def moved(order: dict[str, Any], event: dict[str, Any], kind: str) -> dict[str, Any]:
    """The order's movements of money with one more, each with the amount that it takes from the order's debt."""
    credit = 0
    if kind in CREDITING and not event.get("owed_again"):
        totals = totals_of(order)
        overpaid = max(0, totals["amount_paid"] - totals["total"] + credited(order))
        credit = max(0, minor(event["amount"]) - overpaid)
    elif kind in GIVING_BACK:
        credit = -min(minor(event["amount"]), credit_left(order, event, kind))
    return {"payments": [*order["payments"], (kind, event, credit)]}


def credit_left(order: dict[str, Any], event: dict[str, Any], kind: str) -> int:
    """The amount that the movements taken back by this event have credited, and that nothing has given back before."""
    about, field = GIVING_BACK[kind]
    of = (event["provider"], event.get(field))
    of_all = of_named = 0
    for other, known, credit in order["payments"]:
        if other in (about, kind):
            of_all += credit
            if (known["provider"], known.get("reference" if other == about else field)) == of:
                of_named += credit
    return max(0, of_all if of[1] is None else min(of_all, of_named))


def credited(order: dict[str, Any]) -> int:
    """The amount refunded or charged back beyond the overpaid amount, and not owed again."""
    return sum(credit for _, _, credit in order["payments"])


def minor(text: str) -> int:
    """An amount of an event in the currency's smallest units; its text has all the currency's digits."""
    return int(text.replace(".", ""))


def decimal(units: int, digits: int) -> str:
    if digits == 0:
        return str(units)
    text = str(abs(units)).rjust(digits + 1, "0")
    return ("-" if units < 0 else "") + text[:-digits] + "." + text[-digits:]


def number(units: int, digits: int) -> int | Number:
    """An amount as the document's JSON numbers have it: an integer where it is whole, else with all the currency's
    digits."""
    return Number(decimal(units, digits)) if units % 10**digits else units // 10**digits


def amount(text: str, digits: int) -> str:
    """An amount as the document's texts have it: with two digits after the point, or with the currency's, if more."""
    return text if digits >= 2 else decimal(minor(text) * 10 ** (2 - digits), 2)


def pick(value: Any, *names: str) -> Any:
    """These fields of an object in an event. A null field is missing there, and null in the document."""
    return None if value is None else {name: value.get(name) for name in names}


def customer(order: dict[str, Any]) -> dict[str, Any] | None:
    details = order["customer"]
    if order["customer_id"] is None and not details:
        return None
    shown = {
        "id": order["customer_id"],
        "username": details.get("username"),
        "full_name": " ".join(filter(None, (details.get("first_name"), details.get("last_name")))),
    }
    return shown if order["customer_id"] is not None else {**shown, **pick(details, *CONTACT)}


def product_of(item: dict[str, Any]) -> Any:
    """The key by which two items are of the same product; an item without a product's id is a product of its own."""
    product = (item.get("product") or {}).get("id")
    return ("line", item["item"]) if product is None else product


def line(item: dict[str, Any], digits: int) -> dict[str, Any]:
    return {
        "id": item["item"],
        "product": pick(item.get("product"), "id", "name", "slug"),
        "variant": item.get("variant"),
        "unit_price": amount(item["unit_price"], digits),
        "quantity": item["quantity"],
        "shipping": amount(item["shipping"], digits),
        "discount_amount": amount(item["discount_amount"], digits),
        "total_price": amount(decimal(minor(item["unit_price"]) * item["quantity"], digits), digits),
        "offer": item.get("offer"),
        **({"metadata": item["metadata"]} if item.get("metadata") else {}),
    }


def charge(event: dict[str, Any], digits: int) -> dict[str, Any]:
    return {
        **pick(event, "kind", "name", "rate", "item"),
        "amount": amount(event["amount"], digits),
        "included": event.get("included", False),
    }


# For each kind of movement: the fields that are copied, and those that are false where they are missing.
MOVEMENTS = {
    "payment": (("method", "received_at"), ("forced",)),
    "refund": (("payment_reference", "reason", "refunded_at"), ("owed_again",)),
    "payment_failure": (("payment_reference", "reason", "failed_at"), ("forced",)),
    "refund_failure": (("refund_reference", "reason", "failed_at"), ("forced",)),
    "chargeback": (("payment_reference", "reason", "charged_back_at"), ("owed_again", "forced")),
    "chargeback_reversal": (("chargeback_reference", "reason", "reversed_at"), ("forced",)),
    "void": (("reason",), ()),
}


def payment(kind: str, event: dict[str, Any], digits: int) -> dict[str, Any]:
    told, marks = MOVEMENTS[kind]
    return {
        "kind": kind,
        "amount": amount(event["amount"], digits),
        **pick(event, "provider", "reference", *told),
        **{mark: event.get(mark, False) for mark in marks},
        **({"voided_at": event["occurred_at"]} if kind == "void" else {}),
        **({"lines": [refunded_line(line, digits) for line in event.get("lines", [])]} if kind == "refund" else {}),
    }


def address(of: str, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of an address, the bill's or the delivery's."""
    return {
        **{f"{of}_{name}": given.get(name) for name in ADDRESS_TEXTS},
        f"{of}_country": pick(given.get("country"), "id", "name", "code"),
        f"{of}_state": pick(given.get("state"), "id", "name", "code"),
        f"{of}_city": pick(given.get("city"), "id", "name"),
    }


def refunded_line(line: dict[str, Any], digits: int) -> dict[str, Any]:
    """A line of a refund: shipping, a charge, or an item."""
    if "shipping" in line:
        return {"shipping": amount(line["shipping"], digits)}
    if "charge" in line:
        return {"charge": line["charge"], "amount": amount(line["amount"], digits)}
    told = {**pick(line, "item", "quantity"), "restock": line.get("restock", False)}
    return {**told, "amount": amount(line["amount"], digits)}


def method(value: Any) -> Any:
    return None if value is None else {**pick(value, "id", "name"), "image": image(value.get("image"))}


def image(value: Any) -> Any:
    if value is None:
        return None
    return {
        **pick(value, "id", "type", "name", "size", "f", "width", "height", "mode"),
        "human_readable_size": value.get("human_readable_size") or readable_size(value.get("size")),
        "thumbnails": [pick(thumbnail, "id", "f", "size") for thumbnail in value.get("thumbnails", ())],
    }


def readable_size(size: int | None) -> str | None:
    """The size as people read it, in units of 1024, with two digits, halves up: 808754 is '789.80 KB'."""
    if size is None or size < 1024:
        return None if size is None else f"{size} B"
    units = ("KB", "MB", "GB", "TB", "PB")
    hundredths = [(size * 100 + 1024**power // 2) // 1024**power for power in range(1, 6)]
    power = next((power for power in range(4) if hundredths[power] < 102400), 4)
    return f"{hundredths[power] // 100}.{hundredths[power] % 100:02d} {units[power]}"


def differences(stated: Any, made: Any, path: str) -> Iterator[str]:
    """The paths of the fields in which two documents differ, also of fields that only one of them has."""
    if isinstance(stated, dict) and isinstance(made, dict):
        for name in {**made, **stated}:
            inner = f"{path}.{name}" if path else name
            if name in stated and name in made:
                yield from differences(stated[name], made[name], inner)
            else:
                yield ascii(inner)
    elif isinstance(stated, list) and isinstance(made, list) and len(stated) == len(made):
        for i, (one, other) in enumerate(zip(stated, made)):
            yield from differences(one, other, f"{path}[{i}]")
    elif type(stated) is not type(made) or stated != made:
        yield ascii(path)


# --- The tree of RFC 9162, section 2.1 --------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def siblings_on_the_left(place: int, last: int) -> list[bool]:
    """For each step from a node up to the root, whether the sibling stands on the left.

    `place` is the node's index in its level, `last` that of the level's last node. A last node without a sibling stands
    for its parent too, and takes no step.
    """
    lefts = []
    while last:
        lefts.append(place % 2 == 1 or place == last)
        while place == last and place % 2 == 0:
            place, last = place // 2, last // 2
        place, last = place // 2, last // 2
    return lefts


def is_included(leaf: bytes, index: int, head: Checkpoint, path: list[bytes]) -> bool:
    """Whether the path leads from the leaf at this index to the head's root."""
    if not 0 <= index < head.size:
        return False
    lefts = siblings_on_the_left(index, head.size - 1)
    for is_left, sibling in zip(lefts, path):
        leaf = node(sibling, leaf) if is_left else node(leaf, sibling)
    return len(path) == len(lefts) and leaf == head.root


def is_consistent(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> bool:
    """Whether the path leads from the nodes that two heads share to the roots of both."""
    if old.size == new.size:
        return old.root == new.root
    if old.size == 0:
        return old.root == hashlib.sha256().digest()
    place, last = old.size - 1, new.size - 1
    while place % 2:
        place, last = place // 2, last // 2
    if place == 0:
        path = [old.root, *path]
    lefts = siblings_on_the_left(place, last)
    if len(path) != len(lefts) + 1:
        return False
    to_old = to_new = path[0]
    for is_left, sibling in zip(lefts, path[1:]):
        to_old = node(sibling, to_old) if is_left else to_old
        to_new = node(sibling, to_new) if is_left else node(to_new, sibling)
    return (to_old, to_new) == (old.root, new.root)


# --- Ed25519, RFC 8032. A point is (X, Y, Z, T), with x = X/Z, y = Y/Z and xy = T/Z -----------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def plus(p: tuple[int, ...], q: tuple[int, ...]) -> tuple[int, ...]:
    """The sum of two points, which may be the same point (section 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point(encoded: bytes) -> tuple[int, ...]:
    """The point that 32 bytes encode: y, and in the last bit whether x is odd (section 5.1.3). Raises ValueError."""
    both = int.from_bytes(encoded, "little")
    is_odd, y = both >> 255, both % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or (x * x - square) % P or (x == 0 and is_odd):
        raise ValueError("these bytes are no point of the curve")
    x = x if x % 2 == is_odd else P - x
    return x, y, 1, x * y % P


def encoded(p: tuple[int, ...]) -> bytes:
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y + (x % 2 << 255)).to_bytes(32, "little")


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signature(signature: bytes, message: bytes, public: bytes) -> bool:
    """Whether S * base - k * key is the R of the signature (section 5.1.7, the stricter check without the cofactor)."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or len(public) != 32 or s >= ORDER:
        return False
    try:
        x, y, z, t = point(public)
    except ValueError:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER
    minus_key = (P - x, y, z, P - t)
    # Both products at once, bit by bit from the top.
    steps = (None, BASE, minus_key, plus(BASE, minus_key))
    reached: tuple[int, ...] = (0, 1, 1, 0)
    for bit in range(252, -1, -1):
        reached = plus(reached, reached)
        step = steps[(s >> bit & 1) + 2 * (k >> bit & 1)]
        reached = plus(reached, step) if step else reached
    return encoded(reached) == r


# --- Reading the files: each function raises Wrong where a file is not as it should be --------------------------------

COLUMNS: dict[str, tuple[type, ...]] = {
    "position": (int,),
    "originator_id": (str,),
    "version": (int,),
    "topic": (str,),
    "payload": (str,),
    "recorded_at": (str,),
    "actor": (str,),
    "request_id": (str, type(None)),
    "idempotency_key": (str, type(None)),
    "digest": (str,),
}


class Number(str):
    """A JSON number with a point, as its text, so that no amount ever becomes a float."""


class Key(NamedTuple):
    """A log's Ed25519 key under the log's name, with its id: the 4 bytes that name the key in signatures."""

    name: str
    id: bytes
    public: bytes


class Checkpoint(NamedTuple):
    """The head of a log: the number of its records and the root of their tree. `signatures` are over `text`, each a
    (name, id, signature)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


def part(files: dict[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Wrong(name, "it is missing")
    return files[name]


def text_of(files: dict[str, bytes], name: str) -> str:
    return decoded(name, part(files, name))


def decoded(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Wrong(file, f"it is not UTF-8, at byte {error.start}") from None


def read_json(file: str, text: str) -> Any:
    """The value of a JSON text. Raises Wrong also where readers differ: for NaN, and for an object with the same key
    twice."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise Wrong(file, "an object in it has the same key twice")
        return dict(pairs)

    def constant(text: str) -> Any:
        raise Wrong(file, f"{text} in it is not JSON")

    try:
        return json.loads(text, object_pairs_hook=members, parse_float=Number, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise Wrong(file, f"it is not JSON: {error}") from None


def read_base64(file: str, text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if not content or base64.b64encode(content).decode() != text:
        raise Wrong(file, "it has Base64 that is not written the one right way")
    return content


def read_key(file: str, text: str) -> Key:
    """A verifier key in the format of C2SP's signed-note: name, id, and 1 for Ed25519 with the key."""
    found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/]{44})", text)
    if not found:
        raise Wrong(file, "it is no verifier key, like name+01234567+Ab...")
    name, typed = found[1], read_base64(file, found[3])
    key = Key(name, hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4], typed[1:])
    if typed[0] != 1 or key.id.hex() != found[2]:
        raise Wrong(file, "it is no Ed25519 key, or its id in the middle is not that of its name and bytes")
    return key


def key_of(files: dict[str, bytes]) -> Key:
    text = text_of(files, "key.txt")
    if not text.endswith("\n"):
        raise Wrong("key.txt", "it is not one line")
    return read_key("key.txt", text[:-1])


def read_checkpoint(file: str, content: bytes) -> Checkpoint:
    """A C2SP tlog-checkpoint: the log's name, its size and root, maybe more lines; an empty line; signatures."""
    plain = "[^\0-\x1f]+"
    found = re.fullmatch(
        f"(({plain})\n(0|[1-9][0-9]{{0,18}})\n([0-9A-Za-z+/]{{43}}=)\n(?:{plain}\n)*)\n((?:\u2014 \\S+ \\S+\n)+)",
        decoded(file, content),
    )
    if not found:
        raise Wrong(file, "it is no checkpoint: a log's name, its size, its root, an empty line, signatures")
    text, origin, size, root, lines = found.groups()
    signatures = []
    for _, name, signature in (line.split(" ") for line in lines[:-1].split("\n")):
        signed = read_base64(file, signature)
        signatures.append((name, signed[:4], signed[4:]))
    return Checkpoint(text, origin, int(size), read_base64(file, root), signatures)


def read_checkpoints(content: bytes) -> list[Checkpoint]:
    """The checkpoints in a file, one or many, as the ledger keeps them; empty lines may stand between them. Raises
    Wrong, and Unreadable where there is none."""
    one, text = re.compile("(?:[^\0-\x1f]+\n)+\n(?:\u2014 [^\n]+\n)+"), decoded("your checkpoint", content)
    notes = one.findall(text)
    if not notes or one.sub("", text).strip("\n"):
        raise Unreadable("your checkpoint", "it is no checkpoint, or several of them, as the ledger signs them")
    return [read_checkpoint("your checkpoint", note.encode()) for note in notes]


def checkpoint_of(files: dict[str, bytes]) -> Checkpoint:
    return read_checkpoint("checkpoint.txt", part(files, "checkpoint.txt"))


def check_signature(file: str, checkpoint: Checkpoint, key: Key) -> None:
    """Raises Wrong where the key has not signed the checkpoint. Signatures by other keys are skipped, as signed-note
    asks."""
    own = [signature for name, id_, signature in checkpoint.signatures if (name, id_) == (key.name, key.id)]
    if checkpoint.origin != key.name or not own:
        raise Wrong(file, "it is not signed by the key in key.txt")
    if not all(is_signature(signature, checkpoint.text.encode(), key.public) for signature in own):
        raise Wrong(file, "its signature is not of this text by the key in key.txt")


def check_turn(kept: Checkpoint, files: dict[str, bytes]) -> None:
    """Raises Wrong unless your checkpoint is signed by the key in key.txt, or by an earlier key before it handed
    over."""
    signed_by = {(name, id_) for name, id_, _ in kept.signatures}
    turns = [former for former, _, said in handovers_of(files) if kept.size <= said.size]
    key = next((key for key in turns if (key.name, key.id) in signed_by), key_of(files))
    check_signature("your checkpoint", kept, key)


def handovers_of(files: dict[str, bytes]) -> list[tuple[Key, Key, Checkpoint]]:
    """The handovers, the last one first, which leads to key.txt: the former key, the next key and the checkpoint of
    each."""
    notes, found, following = proofs_of(files).get("handovers", []), [], key_of(files)
    if not isinstance(notes, list):
        raise Wrong("proofs.json", "its handovers are no list")
    for note in reversed(notes):
        said = read_checkpoint("proofs.json", str(note).encode())
        named = re.findall("^signing-key (\\S+) (\\S+)$", said.text, re.MULTILINE)
        if len(named) != 1 or read_key("proofs.json", named[0][1]) != following:
            raise Wrong("proofs.json", "a handover in it does not lead to the key in key.txt")
        former = read_key("proofs.json", named[0][0])
        found.append((former, following, said))
        following = former
    return found


def continuations_of(files: dict[str, bytes]) -> dict[int, list[bytes]]:
    """The proofs that the log of checkpoint.txt begins with an earlier log, by that log's size."""
    return {proof["size"]: hashes(proof["path"]) for proof in reversed(proofs_of(files)["consistency"])}


def records_of(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The log's records of the order, each with every column of the log."""
    *lines, rest = text_of(files, "events.jsonl").split("\n")
    records = [read_json("events.jsonl", line) for line in lines]
    if rest or not records or not all(is_record(record) for record in records):
        raise Wrong("events.jsonl", "it is not records of the log with all their columns, one a line")
    return records


def personal_of(files: dict[str, bytes]) -> dict[tuple[int, str], Part]:
    """The shown parts of personal data, by the event's version and the part's name."""
    found: dict[tuple[int, str], Part] = {}
    listed = read_json("personal.json", text_of(files, "personal.json"))
    for one in listed if isinstance(listed, list) else [listed]:
        if not isinstance(one, dict) or {name: type(value) for name, value in one.items()} != PERSONAL:
            raise Wrong("personal.json", "it is no list of parts, each with its version, part, salt and text")
        if (one["version"], one["part"]) in found:
            raise Wrong("personal.json", f"the {one['part']!a} of version {one['version']} is in it twice")
        try:
            salt = base64.b64decode(one["salt"], validate=True)
        except ValueError:
            raise Wrong("personal.json", f"the salt of version {one['version']} is not Base64") from None
        found[one["version"], one["part"]] = Part(salt, one["text"])
    return found


PERSONAL = {"version": int, "part": str, "salt": str, "text": str}


def is_record(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and list(value) == list(COLUMNS)
        and all(type(value[name]) in types for name, types in COLUMNS.items())
    )


def digest_of(record: dict[str, Any]) -> bytes:
    """SHA-256 over a zero byte and all stored fields but the position, each as its length in 4 bytes and its UTF-8.

    Null is the length FFFFFFFF alone; a number is its decimal text.
    """
    parts = [b"\0"]
    for name in list(COLUMNS)[1:-1]:
        text = str(record[name]).encode()
        parts += [b"\xff\xff\xff\xff"] if record[name] is None else [len(text).to_bytes(4, "big"), text]
    return hashlib.sha256(b"".join(parts)).digest()


def proofs_of(files: dict[str, bytes]) -> dict[str, Any]:
    """The proofs of inclusion, each with its position, and the proofs of consistency, each with the size of an earlier
    log."""
    proofs = read_json("proofs.json", text_of(files, "proofs.json"))
    for kind, of in (("inclusion", "position"), ("consistency", "size")):
        listed = proofs.get(kind) if isinstance(proofs, dict) else None
        if not isinstance(listed, list) or not all(is_proof(proof, of) for proof in listed):
            raise Wrong("proofs.json", f"it has no list of proofs of {kind}, each with its {of} and its path")
    return dict(proofs)


def is_proof(value: Any, of: str) -> bool:
    return (
        isinstance(value, dict)
        and list(value) == [of, "path"]
        and type(value[of]) is int
        and isinstance(value["path"], list)
    )


def hashes(path: Any) -> list[bytes]:
    if not all(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) for text in path):
        raise Wrong("proofs.json", "a path is not of SHA-256 hashes in hexadecimal")
    return [bytes.fromhex(text) for text in path]


def read_pack(path: str) -> tuple[dict[str, bytes], list[str]]:
    """A pack's files, zipped or unpacked, and the names of other files beside them. Raises OSError, Wrong."""
    if not os.path.isdir(path):
        content = read_file(path)
        try:
            return read_zip(content)
        except Wrong:
            raise
        except Exception as error:  # zipfile raises errors of many kinds for a damaged zip
            raise Unreadable(os.path.basename(path), f"it is no zip, or a damaged one: {error!r}") from None
    names = sorted(os.listdir(path))
    files = {name: read_file(os.path.join(path, name)) for name in (*FILES, *KEPT) if name in names}
    return files, [name for name in names if name not in files_of(files)]


def read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise Wrong(os.path.basename(path), f"it is larger than {FILE_BYTES_MAX} bytes")
    return content


def read_zip(content: bytes) -> tuple[dict[str, bytes], list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        for name in (*FILES, *KEPT):
            if names.count(name) > 1:
                raise Wrong(name, "it is in the zip twice")
            if name in names and archive.getinfo(name).file_size > FILE_BYTES_MAX:
                raise Wrong(name, f"it is larger than {FILE_BYTES_MAX} bytes")
        files = {name: archive.read(name) for name in (*FILES, *KEPT) if name in names}
    return files, [name for name in names if name not in files_of(files)]


# --- The report -------------------------------------------------------------------------------------------------------

NOTHING_COMPARED = """  open    Nothing. Whoever forges a pack can sign it with a key of their own: compare key.txt with
the key that the ledger publishes, or run this again with --key or --checkpoint."""
NOT_SHOWN = """Not shown by any pack: that the order has no later events than these, and that what was recorded is true.
A verify.py out of a forged pack says what its forger likes: in doubt, run one that you have from elsewhere."""


def examine(
    files: dict[str, bytes], beside: list[str], key: str | None = None, kept: bytes | None = None
) -> tuple[list[str], list[str]]:
    """The report on a pack, paragraph by paragraph, and the files at fault: none where all checks hold.

    Raises Unreadable where the key or the checkpoint that you gave is none.
    """
    try:
        given = None if key is None else read_key("the key you gave", key.strip())
        mine = None if kept is None else read_checkpoints(kept)
    except Wrong as wrong:
        raise Unreadable(wrong.file, wrong.why) from None
    said: list[str] = []
    failed: list[str] = []

    def check(file: str, test: Callable[..., str], *more: Any) -> None:
        try:
            said.append(f"  holds   {test(files, *more)}")
        except Exception as error:  # any content of a forger's file must end in a no, not in a traceback
            wrong = error if isinstance(error, Wrong) else Wrong(file, f"it cannot be read: {error!r}")
            said.append(f"  FAILS   {wrong}")
            failed.append(wrong.file)

    said.append("Proven by the key in key.txt:")
    check("checkpoint.txt", signed)
    if b'"handovers"' in files.get("proofs.json", b""):
        check("proofs.json", handed_over)
    check("events.jsonl", recomputed)
    check("proofs.json", included)
    check("events.jsonl", in_order)
    if is_of_reconciliation(files):
        check("settlement", named)
        if "personal.json" in files:
            check("personal.json", shown)
    else:
        check("personal.json", shown)
        check("order.json", folded)
    said.append("Intact, which is less than proven, since whoever makes a pack can make these match:")
    check("manifest.txt", intact)
    said.extend(f"  unknown {name!a} is not of the pack; nothing is said of it." for name in beside)
    said.append("Compared with what you have from elsewhere:")
    if given is not None:
        check("key.txt", is_given_key, given)
    if mine is not None:
        check("your checkpoint", continues, mine)
    alone = key is None and kept is None
    said.extend([NOTHING_COMPARED] if alone else [])
    said.append(NOT_SHOWN)
    if failed:
        said.append(f"It does NOT hold: {', '.join(dict.fromkeys(failed))}.")
    else:
        said.append(f"All of it holds{', if the key in key.txt is the key of the ledger' if alone else ''}.")
    return said, failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Checks an evidence pack: the history of an order or a reconciliation, and that nobody altered it."
    )
    parser.add_argument(
        "pack", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="the zip or its folder"
    )
    parser.add_argument("--key", help="the ledger's public key as you know it: name+01234567+Ab...")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint of the ledger that you kept, or many")
    given = parser.parse_args()
    try:
        kept = read_file(given.checkpoint).removeprefix(BOM_UTF8) if given.checkpoint else None
        files, beside = read_pack(given.pack)
        said, failed = examine(files, beside, given.key, kept)
    except OSError as error:
        parser.error(str(error))
    except Unreadable as wrong:
        print(f"It cannot be read, so nothing is said of the pack: {wrong}.")
        return 2
    except Wrong as wrong:
        print(f"It does NOT hold: {wrong}")
        return 1
    for paragraph in said:
        text = paragraph.encode("ascii", "backslashreplace").decode()
        print(textwrap.fill(text, 100, subsequent_indent="          " if text.startswith("  ") else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
