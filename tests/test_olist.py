"""Is a shop's own data imported whole? The orders of Olist's dataset, through `docs/olist.py` and `run.py import`.

The dataset is not part of this project (its licence is non-commercial): tests that need it are skipped where it is
missing. The small folder of odd orders below is always there.
"""

import csv
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Client, Service

OLIST = Path(os.environ.get("OLIST") or ROOT.parent / "shared" / "data" / "olist")
STATUSES = {
    "created": "new",
    "approved": "processing",
    "invoiced": "processing",
    "processing": "processing",
    "shipped": "shipped",
    "delivered": "completed",
    "unavailable": "failed",
    "canceled": "cancelled",
}
Orders = dict[str, dict[str, Any]]


def convert(folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(ROOT / "docs" / "olist.py"), str(folder)]
    return subprocess.run(command, capture_output=True, check=False)


def stored(staff: Client) -> Orders:
    """Every order of the service by key, as the staff list shows it, with exact numbers."""
    orders: Orders = {}
    url = "/api/v1/orders?limit=100&ordering=id"
    while url:
        page = staff.get(url).json(parse_float=Decimal)
        orders |= {order["key"]: order for order in page["results"]}
        url = page["next"]
    return orders


@pytest.fixture(scope="module")
def lines() -> bytes:
    if not (OLIST / "orders.csv").is_file():
        pytest.skip(f"Olist's dataset is not at {OLIST}; set OLIST to the folder that holds orders.csv")
    return convert(OLIST).stdout


@pytest.fixture(scope="module")
def real_orders(lines: bytes, service: Service, staff: Client) -> Orders:
    done = service.run("import", "-", stdin=lines)
    assert (done.returncode, done.stdout.split(b" ")[0]) == (0, b"2000"), done.stderr
    return stored(staff)


def table(name: str) -> list[dict[str, str]]:
    with (OLIST / name).open(newline="") as file:
        return list(csv.DictReader(file))


def sums(rows: list[dict[str, str]], *columns: str) -> dict[str, Decimal]:
    """The sum of each order's rows over these columns."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["order_id"]] += sum(Decimal(row[column]) for column in columns)
    return found


def test_all_two_thousand_real_orders_go_in(real_orders: Orders) -> None:
    assert real_orders.keys() == {row["order_id"] for row in table("orders.csv")}
    assert len(real_orders) == 2_000


def test_every_total_is_the_sum_of_the_files_prices_and_freights(real_orders: Orders) -> None:
    units = table("order_items.csv")
    prices, freights = sums(units, "price"), sums(units, "freight_value")
    totals = sums(units, "price", "freight_value")
    for key, order in real_orders.items():
        assert order["items_subtotal"] == prices.get(key, 0), key
        assert order["shipping_cost"] == freights.get(key, 0), key
        assert order["total"] == totals.get(key, 0), key


def test_every_amount_paid_is_the_sum_of_the_files_payments(real_orders: Orders) -> None:
    paid = sums(table("order_payments.csv"), "payment_value")
    assert {key: order["amount_paid"] for key, order in real_orders.items()} == paid


def test_every_order_has_the_units_and_the_products_of_the_files(real_orders: Orders) -> None:
    units = table("order_items.csv")
    quantities = Counter(row["order_id"] for row in units)
    products = Counter(order_id for order_id, _ in {(row["order_id"], row["product_id"]) for row in units})
    for key, order in real_orders.items():
        assert (order["quantity"], order["count"]) == (quantities[key], products[key]), key


def test_every_status_is_what_the_converter_says_that_olists_becomes(real_orders: Orders) -> None:
    expected = {row["order_id"]: STATUSES[row["order_status"]] for row in table("orders.csv")}
    assert {key: order["status"] for key, order in real_orders.items()} == expected


def test_a_customer_of_several_orders_is_one_customer(real_orders: Orders) -> None:
    person = {row["customer_id"]: row["customer_unique_id"] for row in table("customers.csv")}
    expected = {row["order_id"]: person[row["customer_id"]] for row in table("orders.csv")}
    assert {key: order["customer"]["username"] for key, order in real_orders.items()} == expected
    ids = {order["customer"]["id"] for order in real_orders.values()}
    assert len(ids) == len(set(expected.values())) < len(real_orders)


def test_the_same_files_give_the_same_lines(lines: bytes) -> None:
    assert convert(OLIST).stdout == lines


def test_importing_the_same_lines_again_changes_nothing(
    real_orders: Orders, lines: bytes, service: Service, staff: Client
) -> None:
    before = staff.get("/api/v1/orders").headers["Ledger-Position"]
    again = service.run("import", "-", stdin=lines)
    assert again.returncode == 0
    assert again.stdout == b"0 imported with 0 events, 2000 there already, 0 rejected\n"
    assert staff.get("/api/v1/orders").headers["Ledger-Position"] == before
    assert stored(staff) == real_orders


def test_broken_lines_are_reported_by_number_and_the_rest_go_in(lines: bytes, tmp_path: Path) -> None:
    broken = lines.splitlines()[:10]
    broken[2] = broken[2].replace(b'"BRL"', b'"BRR"')
    broken[4] = broken[4][:-1]
    broken[6] = broken[6].replace(b'"created_at": "2', b'"created_at": "x')
    done = Service(tmp_path).run("import", "-", stdin=b"\n".join(broken))
    assert done.returncode == 1
    assert done.stdout.endswith(b" 0 there already, 3 rejected\n")
    assert done.stdout.startswith(b"7 imported ")
    reported = [line.split(b":")[0] for line in done.stderr.splitlines() if line.startswith(b"line ")]
    assert sorted(reported) == [b"line 3", b"line 5", b"line 7"]


# A folder of odd orders: each oddity that the converter names, and some that the 2,000 orders lack.

HEADS = {
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
    "products": "product_id,product_category_name",
    "order_items": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
    "order_payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
}
CUSTOMERS = ("c1,ann,01310,sao paulo,SP", "c2,ann,01310,sao paulo,SP", "c3,bob,20040,rio de janeiro,RJ")
DAYS = [f"2018-01-0{day} 10:00:00" for day in range(1, 6)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def made(*, orders: list[str], order_items: list[str] = [], order_payments: list[str] = []) -> Path:  # noqa: B006
        tables = {
            "orders": orders,
            "customers": CUSTOMERS,
            "products": ("p1,toys", "p2,"),
            "order_items": order_items,
            "order_payments": order_payments,
        }
        for name, rows in tables.items():
            (tmp_path / f"{name}.csv").write_text("\n".join([HEADS[name], *rows]) + "\n")
        return tmp_path

    return made


def only(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def steps(line: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry.get("status", "payment"), entry["at"][:10]) for entry in line["history"]]


def test_an_order_canceled_on_its_way_has_failed_before_it_is_cancelled(write: Callable[..., Path]) -> None:
    line = only(convert(write(orders=[f"o,c1,canceled,{DAYS[0]},{DAYS[1]},{DAYS[2]},,"])))
    assert steps(line) == [
        ("processing", "2018-01-02"),
        ("shipped", "2018-01-03"),
        ("failed", "2018-01-03"),
        ("cancelled", "2018-01-03"),
    ]


def test_an_order_canceled_before_it_was_paid_was_never_processing(write: Callable[..., Path]) -> None:
    line = only(convert(write(orders=[f"o,c1,canceled,{DAYS[0]},,,,"])))
    assert steps(line) == [("cancelled", "2018-01-01")]


def test_a_time_before_what_it_follows_is_moved_and_reported(write: Callable[..., Path]) -> None:
    done = convert(write(orders=[f"o,c1,delivered,{DAYS[0]},{DAYS[3]},{DAYS[1]},{DAYS[4]},"]))
    assert steps(only(done)) == [
        ("processing", "2018-01-04"),
        ("shipped", "2018-01-04"),
        ("completed", "2018-01-05"),
    ]
    assert f"order o: shipped is dated before what it follows: {DAYS[1]}, taken as {DAYS[3]}" in done.stderr.decode()


def test_units_make_one_line_only_where_price_and_freight_are_equal(write: Callable[..., Path]) -> None:
    units = [
        "o,1,p1,s,,10.10,1.05",
        "o,2,p1,s,,10.10,1.05",
        "o,3,p1,s,,10.10,2.00",
        "o,4,p2,s,,10.10,1.05",
    ]
    line = only(convert(write(orders=[f"o,c1,created,{DAYS[0]},,,,"], order_items=units)))
    assert [(item["product"]["id"], item["quantity"], item["shipping"]) for item in line["items"]] == [
        (1, 2, "2.10"),
        (1, 1, "2.00"),
        (2, 1, "1.05"),
    ]


def test_only_a_payment_of_more_than_is_outstanding_is_forced_and_one_of_nothing_is_left_out(
    write: Callable[..., Path],
) -> None:
    done = convert(
        write(
            orders=[f"o,c1,processing,{DAYS[0]},{DAYS[1]},,,"],
            order_items=["o,1,p1,s,,10.00,1.00"],
            order_payments=["o,3,voucher,1,0.02", "o,1,voucher,1,10.99", "o,2,not_defined,1,0.0"],
        )
    )
    payments = only(done)["history"][:-1]
    assert [(p["reference"], p["amount"], p["force"]) for p in payments] == [
        ("o-1", "10.99", False),
        ("o-3", "0.02", True),
    ]
    assert b"order o: a payment of nothing, left out" in done.stderr
    assert b"order o: a payment of more than is outstanding: 0.02, where 0.01 is" in done.stderr


def test_every_kind_of_odd_order_is_imported(write: Callable[..., Path], tmp_path: Path) -> None:
    orders = [f"{status},c{1 + i % 3},{status},{DAYS[0]},,,," for i, status in enumerate(STATUSES)]
    orders += [f"{status}-late,c3,{status},{DAYS[4]},{DAYS[3]},{DAYS[2]},{DAYS[1]}," for status in STATUSES]
    payments = [f"{order.split(',')[0]},1,boleto,1,7.5" for order in orders]
    done = Service(tmp_path).run("import", "-", stdin=convert(write(orders=orders, order_payments=payments)).stdout)
    assert done.stdout.decode().startswith("16 imported "), done.stderr
    assert done.returncode == 0


def test_a_status_that_is_not_olists_stops_the_converter_with_its_order(write: Callable[..., Path]) -> None:
    done = convert(write(orders=[f"o,c1,lost,{DAYS[0]},,,,"]))
    assert done.returncode == 1
    assert b"order o: the status 'lost' is not one of Olist's" in done.stderr


def test_a_folder_without_the_files_is_named_as_wrong_usage(tmp_path: Path) -> None:
    done = convert(tmp_path)
    assert done.returncode != 0
    assert b"usage: " in done.stderr
