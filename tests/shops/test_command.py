"""Does `run.py import --from` show the mapping, tie out, name each difference, and exit as the contract says?"""

import json
from pathlib import Path

import pytest

from tests.conftest import Service
from tests.shops.exports import line, shopify_rows, table


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def export(folder: Path, *totals: str) -> str:
    """A file of Shopify's with an order for each total. Each order has one item of 20.00."""
    rows = [
        row
        for number, total in enumerate(totals, 1001)
        for row in shopify_rows(line("20.00"), Name=f"#{number}", Total=total, Tags="vip", **{"New Thing": "x"})
    ]
    path = folder / "orders_export.csv"
    path.write_text(table(rows))
    return str(path)


def test_an_import_that_ties_out_exits_0_and_again_skips_its_orders(service: Service) -> None:
    path = export(service.folder, "20.00", "20.00")
    done = service.run("import", "--from", "shopify-csv", path)
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert "the first orders, as they are mapped" in said
    assert "2  no place for the column New Thing (first: #1001: x)" in said
    assert said.splitlines()[-1] == "2 imported with 10 events, 0 there already, 0 rejected, 0 different"
    again = service.run("import", "--from", "shopify-csv", path)
    assert again.returncode == 0
    assert again.stdout.decode().splitlines()[-1].startswith("0 imported with 0 events, 2 there already")


def test_a_total_that_differs_is_listed_with_both_sides_and_exits_1(service: Service) -> None:
    done = service.run("import", "--from", "shopify-csv", export(service.folder, "20.00", "21.00"))
    said = done.stdout.decode()
    assert done.returncode == 1
    (listed,) = (line for line in said.splitlines() if line.startswith("#1002 ("))
    assert listed.startswith("#1002 (orders_export.csv, row 3): total 21.00 EUR there, 20.00 EUR here; ")
    assert "do not come to its total" in listed
    assert said.splitlines()[-1].endswith("2 imported with 10 events, 0 there already, 0 rejected, 1 different")


def test_a_large_file_that_another_process_reads_leaves_nothing_on_standard_error(service: Service) -> None:
    """The importing process once closed the file under a reader that it had begun and no longer used."""
    path = export(service.folder, *(["20.00"] * 12_000))
    done = service.run("import", "--from", "shopify-csv", "--dry-run", path)
    assert done.returncode == 0
    assert {line.split(":")[0] for line in done.stderr.decode().splitlines()} <= {"trying"}


def test_the_text_of_a_file_begins_no_line_and_commands_no_terminal(service: Service) -> None:
    said_of_it = {"name": "#1\n#2 (x): all is well\x1b[2J", "email": "a\x1b[2J@b", "tags": "\x1b[31m" + "x" * 501}
    order = {"id": 1, "created_at": "2024-01-31T10:00:00Z", "currency": "USD", "line_items": [], "total_price": "1.00"}
    path = service.folder / "orders.json"
    path.write_text(json.dumps([order | said_of_it]))
    done = service.run("import", "--from", "shopify-json", "--dry-run", str(path))
    assert done.returncode == 1
    said = done.stdout.decode()
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("#2")]


def test_a_dry_run_shows_the_differences_and_records_nothing(service: Service) -> None:
    path = export(service.folder, "20.00", "21.00")
    done = service.run("import", "--from", "shopify-csv", "--dry-run", path)
    said = done.stdout.decode()
    assert done.returncode == 1
    assert "#1002 (orders_export.csv, row 3): total 21.00 EUR there, 20.00 EUR here" in said
    assert said.splitlines()[-1].startswith("2 would be imported")
    real = service.run("import", "--from", "shopify-csv", path)
    assert real.stdout.decode().splitlines()[-1].startswith("2 imported")


def test_an_export_comes_from_standard_input_too(service: Service) -> None:
    content = Path(export(service.folder, "20.00")).read_bytes()
    done = service.run("import", "--from", "shopify-csv", "-", stdin=content)
    assert (done.returncode, done.stdout.decode().splitlines()[-1][:10]) == (0, "1 imported")


def test_numbers_of_a_second_shop_are_told_apart_by_a_prefix(service: Service) -> None:
    path = export(service.folder, "20.00")
    service.run("import", "--from", "shopify-csv", path)
    done = service.run("import", "--from", "shopify-csv", "--prefix", "eu-", path)
    assert "eu-#1001" in done.stdout.decode()
    assert done.stdout.decode().splitlines()[-1].startswith("1 imported")


def test_a_file_that_breaks_off_has_its_beginning_imported_and_tied_out_and_exits_2(service: Service) -> None:
    orders = [{"id": i, "name": f"#{i}", "created_at": "2024-01-31T10:00:00Z", "currency": "USD", "line_items": [],
               "total_price": "0.00", "financial_status": "pending"} for i in range(1, 8)]  # fmt: skip
    path = service.folder / "orders.json"
    path.write_text(json.dumps({"orders": orders})[:-20])
    done = service.run("import", "--from", "shopify-json", str(path))
    assert done.returncode == 2
    assert done.stdout.decode().splitlines()[-1].startswith("6 imported with")
    assert "orders.json, row 1, column " in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--from", "ebay", "orders.csv"], "is not one of"),
        (["--from", "csv", "orders.csv"], "--from csv needs a --mapping"),
        (["--from", "csv", "--mapping", "nowhere", "orders.csv"], "with the program come amazon, etsy-items"),
        (["--from", "shopify-csv", "missing.csv"], "missing.csv cannot be read"),
        (["--from", "shopify-csv", "orders.csv"], "orders.csv, row 1, column Name: there is no such column"),
        (["--dry-run", "orders.csv"], "go with --from"),
        (["missing.jsonl"], "missing.jsonl cannot be read"),
    ],
)
def test_wrong_usage_and_malformed_files_exit_2_with_the_reason(
    service: Service, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.chdir(service.folder)
    (service.folder / "orders.csv").write_text("Order,Total\n1,2\n")
    done = service.run("import", *arguments)
    assert done.returncode == 2
    assert why in " ".join(done.stderr.decode().split())
