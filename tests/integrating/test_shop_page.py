"""Can a page of another origin be a shop's page of orders? The page in docs/shop is tried in a real Chromium."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from api.tokens import LEEWAY_SECONDS
from tests.api.conftest import STOREFRONT, moved, paid, placed
from tests.conftest import Client, Service
from tests.integrating.conftest import Pages, token

_customers = count(700)


@pytest.fixture
def page(browser: Browser, pages: Pages) -> Iterator[Page]:
    """The page with no customer logged in."""
    with browser.new_context() as context:
        opened = context.new_page()
        opened.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        opened.goto(f"{pages.origin}/index.html")
        yield opened


@pytest.fixture
def owner() -> int:
    """The id of a customer without orders."""
    return next(_customers)


@pytest.fixture
def place(staff: Client, owner: int) -> Callable[..., dict[str, Any]]:
    return lambda **fields: placed(staff, customer={"id": owner}, **fields)


def log_in(page: Page, service: Service, token: str) -> None:
    page.fill("[name=base]", f"{service.base}/")
    page.fill("[name=token]", token)
    page.click("text=Log in")


def ids(page: Page) -> list[str | None]:
    return [row.get_attribute("data-id") for row in page.query_selector_all("tbody tr")]


def test_a_customer_logs_in_with_a_token_and_sees_their_orders_alone(
    page: Page, service: Service, staff: Client, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    place(items=[{"product": {"id": 1, "name": "Kettle"}, "unit_price": "79.90", "quantity": 2}])
    placed(staff, customer={"id": next(_customers)})
    log_in(page, service, token(owner))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("2 × Kettle")
    expect(page.locator("tbody .total")).to_have_text("159.80 USD")
    assert '"method":"OPTIONS"' in service.log(), "the browser asked beforehand whether it may"


def test_a_token_that_is_none_is_refused_with_the_reason(page: Page, service: Service, owner: int) -> None:
    log_in(page, service, f"{token(owner)[:-6]}AAAAAA")
    expect(page.locator("#told")).not_to_be_empty()
    expect(page.locator("#login")).to_be_visible()
    log_in(page, service, token(owner))
    expect(page.locator("#count")).to_have_text("0 orders")


def test_the_list_goes_page_by_page_and_is_narrowed(
    page: Page, service: Service, staff: Client, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    placed_ids = [place()["uuid"] for _ in range(6)]
    euros = place(currency="EUR")
    paid(staff, euros)
    newest_first = [euros["uuid"], *reversed(placed_ids)]
    log_in(page, service, token(owner))
    expect(page.locator("#count")).to_have_text("7 orders in EUR, USD")
    assert ids(page) == newest_first[:5]
    page.click("text=Older")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert ids(page) == newest_first[5:]
    expect(page.locator("#next")).to_be_disabled()
    page.click("text=Newer")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.select_option("[name=status]", "paid")
    expect(page.locator("#count")).to_have_text("1 order")
    assert ids(page) == [euros["uuid"]]
    page.select_option("[name=status]", "")
    expect(page.locator("#count")).to_have_text("7 orders in EUR, USD")
    page.fill("[name=currency]", "EUR")
    page.press("[name=currency]", "Enter")
    expect(page.locator("#count")).to_have_text("1 order")
    page.fill("[name=currency]", "JPY")
    page.press("[name=currency]", "Enter")
    expect(page.locator("#count")).to_have_text("0 orders")


def test_an_order_is_deleted_and_one_that_cannot_be_stays_with_the_reason(
    page: Page, service: Service, staff: Client, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    wanted, unwanted = place(), place()
    moved(staff, wanted, "processing")
    log_in(page, service, token(owner))
    page.click(f"[data-id='{unwanted['uuid']}'] .delete")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 order")
    assert service.client(token(owner)).get(f"{STOREFRONT}{unwanted['uuid']}").status_code == 404
    page.click(f"[data-id='{wanted['uuid']}'] .delete")
    expect(page.locator("#told")).to_contain_text("processing")
    assert ids(page) == [wanted["uuid"]]


def test_the_reason_stays_when_a_change_is_shown_behind_it(
    page: Page, service: Service, staff: Client, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    wanted = place()
    moved(staff, wanted, "processing")
    log_in(page, service, token(owner))
    expect(page.locator("tbody tr")).to_have_count(1)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*min_position=*", hold)
    with page.expect_request("**/*min_position=*"):
        place()
    page.click(f"[data-id='{wanted['uuid']}'] .delete")
    expect(page.locator("#told")).to_contain_text("processing")
    for route in held:
        route.continue_()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("#told")).to_contain_text("processing")
    page.click("text=Log out")
    expect(page.locator("#told")).to_be_empty()


def test_a_changed_order_and_a_new_one_show_on_the_open_page(
    page: Page, service: Service, staff: Client, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    order = place()
    log_in(page, service, token(owner))
    row = page.locator(f"[data-id='{order['uuid']}']")
    expect(row.locator(".status")).to_have_text("awaiting payment")
    page.evaluate("document.body.dataset.loaded = 'once'")
    paid(staff, order)
    expect(row.locator(".status")).to_have_text("paid")
    expect(row).to_have_class("changed")
    expect(row.locator(".delete")).to_be_hidden()
    moved(staff, order, "processing", "completed")
    expect(row.locator(".status")).to_have_text("delivered")
    another = place()
    expect(page.locator("tbody tr").first).to_have_attribute("data-id", another["uuid"])
    service.client(token(owner)).delete(f"{STOREFRONT}{another['uuid']}")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.evaluate("document.body.dataset.loaded") == "once", "nothing was loaded again"


def test_the_page_says_that_a_token_has_run_out_and_shows_nothing_any_longer(
    page: Page, service: Service, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    place()
    log_in(page, service, token(owner, seconds=4 - LEEWAY_SECONDS))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#login")).to_be_visible()
    expect(page.locator("#told")).to_contain_text("expired")
    expect(page.locator("tbody tr")).to_have_count(0)


def test_a_page_of_an_origin_that_is_not_allowed_gets_nothing(
    browser: Browser, pages: Pages, service: Service, owner: int
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{pages.origin.replace('127.0.0.1', 'localhost')}/index.html")
        log_in(page, service, token(owner))
        expect(page.locator("#told")).to_contain_text("fetch")
        expect(page.locator("#login")).to_be_visible()


def test_the_page_without_its_script_sends_no_token_and_says_what_is_missing(browser: Browser, pages: Pages) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        opened = context.new_page()
        opened.goto(f"{pages.origin}/index.html")
        opened.fill("[name=token]", "secret")
        opened.press("[name=token]", "Enter")
        opened.wait_for_timeout(300)
        assert "secret" not in opened.url
        expect(opened.locator("#login button")).to_be_disabled()
        expect(opened.locator("#told")).to_contain_text("needs JavaScript")


@pytest.mark.parametrize("width", [360, 1200])
def test_a_name_of_any_length_stays_within_the_page(
    width: int, page: Page, service: Service, owner: int, place: Callable[..., dict[str, Any]]
) -> None:
    place(items=[{"product": {"id": 1, "name": "W" * 5_000}, "unit_price": "9999999999.99", "quantity": 1_000}])
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, service, token(owner))
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
