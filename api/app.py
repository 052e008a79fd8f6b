"""The Falcon application, made from what it needs; who makes it knows where that comes from."""

import falcon

from api import audit, errors, finance, operations, orders, reconciliations, shop, storefront
from api.access import Access
from api.commanding import Commanding
from api.reading import Patience
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from projections.history import Reading
from projections.proof.signing import Checkpoints
from projections.views.views import Views


def create_app(
    ledger: OrderLedger, views: Views, settings: Settings, *, threads: int = 4
) -> falcon.App[falcon.Request, falcon.Response]:
    """The WSGI application. `threads` is how many requests its worker answers at once."""
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(middleware=[Access(Keys(ledger.log_of_events))])
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.auto_parse_form_urlencoded = False
    errors.install(app)
    patience = Patience(views, max(1, threads // 2))
    ledger.feed = lambda written: views.catch_up(written=written)
    commanding = Commanding(ledger)
    reading = Reading(ledger)
    checkpoints = Checkpoints(ledger, views, key=settings.key, kept=settings.checkpoints)
    desk = reconciliations.Desk(commanding, views)
    uploads = finance.PATH + "/reconciliations"
    for path, resource in (
        (shop.PATH, shop.ShopOrders(views, settings, patience)),
        (shop.PATH + "/{order_id}", shop.ShopOrder(views, patience)),
        (storefront.PATH, storefront.StorefrontOrders(views, settings, patience)),
        (
            storefront.PATH + "/{order_id}",
            storefront.StorefrontOrder(views, settings, patience, commanding),
        ),
        (orders.PATH, orders.Orders(views, settings, patience, commanding)),
        (orders.PATH + "/{order_id}", orders.Order(views, patience, commanding)),
        (orders.PATH + "/{order_id}/items", orders.Items(commanding)),
        (orders.PATH + "/{order_id}/items/{item}", orders.Item(commanding)),
        (orders.PATH + "/{order_id}/status", orders.Status(commanding)),
        (orders.PATH + "/{order_id}/payments", orders.Payments(commanding)),
        (orders.PATH + "/{order_id}/refunds", orders.Refunds(commanding)),
        (audit.PATH + "/events", audit.Events(ledger, reading, settings)),
        (audit.PATH + "/checkpoint", audit.SignedHead(checkpoints)),
        (audit.PATH + "/orders/{order_id}", audit.OrderThen(ledger, reading, settings)),
        (audit.PATH + "/orders/{order_id}/events", audit.OrderEvents(ledger, reading)),
        (audit.PATH + "/orders/{order_id}/changes", audit.OrderChanges(ledger, reading)),
        (audit.PATH + "/orders/{order_id}/evidence", audit.Evidence(ledger, views, reading, checkpoints)),
        (finance.PATH + "/payments", finance.Payments(views, settings, patience)),
        (finance.PATH + "/summary", finance.Summary(views, settings, patience)),
        (uploads, reconciliations.Reconciliations(desk, patience, uploads_max=max(1, threads // 2))),
        (uploads + "/{reconciliation}", reconciliations.OneReconciliation(desk)),
        (uploads + "/{reconciliation}/report", reconciliations.KeptReport(desk)),
        *(
            (f"{uploads}/{{reconciliation}}/{decision}", reconciliations.Decisions(desk, decision))
            for decision in reconciliations.DECISIONS
        ),
        ("/healthz", operations.Health()),
        ("/readyz", operations.Readiness(ledger, views)),
    ):
        app.add_route(path, resource)
    return app
