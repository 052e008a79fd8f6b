"""The Falcon application, made from what it needs; who makes it knows where that comes from."""

from falcon.asgi import App, Request, Response

from api import audit, customers, errors, finance, operations, orders, reconciliations, shop, storefront
from api.access import Access
from api.asking import Asking
from api.commanding import Commanding
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from projections.history import Reading
from projections.orders.kept import kept_in
from projections.proof.signing import Checkpoints
from projections.views.views import Views


def create_app(ledger: OrderLedger, views: Views, settings: Settings, *, threads: int = 4) -> App[Request, Response]:
    """The ASGI application. `threads` is how many pieces of long work its worker does at once."""
    asking = Asking(ledger, views, threads)
    app: App[Request, Response] = App(middleware=[Access(Keys(ledger.log_of_events), asking, settings)])
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.auto_parse_form_urlencoded = False
    errors.install(app)
    ledger.feed = lambda written: views.catch_up(written=written)
    ledger.kept = kept_in(views)
    ledger.version_in_views = views.version_of
    commanding = Commanding(ledger, asking)
    reading = Reading(ledger)
    checkpoints = Checkpoints(ledger, views, key=settings.key, kept=settings.checkpoints)
    desk = reconciliations.Desk(commanding, views, asking, settings)
    uploads = finance.PATH + "/reconciliations"
    for path, resource in (
        (shop.PATH, shop.ShopOrders(asking, settings)),
        (shop.PATH + "/{order_id}", shop.ShopOrder(asking)),
        (storefront.PATH, storefront.StorefrontOrders(asking, settings)),
        (
            storefront.PATH + "/{order_id}",
            storefront.StorefrontOrder(asking, settings, commanding),
        ),
        (orders.PATH, orders.Orders(asking, settings, commanding)),
        (orders.PATH + "/{order_id}", orders.Order(asking, commanding)),
        (orders.PATH + "/{order_id}/items", orders.Items(commanding)),
        (orders.PATH + "/{order_id}/items/{item}", orders.Item(commanding)),
        (orders.PATH + "/{order_id}/charges", orders.Charges(commanding)),
        (orders.PATH + "/{order_id}/charges/{charge}", orders.Charge(commanding)),
        (orders.PATH + "/{order_id}/status", orders.Status(commanding)),
        *(
            (f"{orders.PATH}/{{order_id}}/{name}", orders.Movements(commanding, shape))
            for name, shape in orders.MOVEMENTS.items()
        ),
        (customers.PATH, customers.Customers(asking, settings)),
        (customers.PATH + "/{customer_id}", customers.Customer(asking)),
        (audit.PATH + "/events", audit.Events(asking, ledger, reading, settings)),
        (audit.PATH + "/checkpoint", audit.SignedHead(asking, checkpoints)),
        (audit.PATH + "/orders/{order_id}", audit.OrderThen(asking, ledger, reading, settings)),
        (audit.PATH + "/orders/{order_id}/events", audit.OrderEvents(asking, ledger, reading)),
        (audit.PATH + "/orders/{order_id}/changes", audit.OrderChanges(asking, ledger, reading)),
        (audit.PATH + "/orders/{order_id}/evidence", audit.Evidence(asking, ledger, views, reading, checkpoints)),
        (audit.PUBLIC_KEY_PATH, audit.PublicKey(asking, checkpoints)),
        (finance.PATH + "/payments", finance.Payments(asking, views, settings)),
        (finance.PATH + "/summary", finance.Summary(asking, settings)),
        (uploads, reconciliations.Reconciliations(desk, uploads_max=max(1, threads // 2))),
        (uploads + "/{reconciliation}", reconciliations.OneReconciliation(desk)),
        (uploads + "/{reconciliation}/report", reconciliations.KeptReport(desk)),
        *(
            (f"{uploads}/{{reconciliation}}/{decision}", reconciliations.Decisions(desk, decision))
            for decision in reconciliations.DECISIONS
        ),
        ("/healthz", operations.Health()),
        ("/readyz", operations.Readiness(ledger, views, (settings.folder, settings.views.parent))),
    ):
        app.add_route(path, resource)
    return app
