"""The Falcon application. Its caller hands it the ledger, the views and the settings."""

from collections.abc import Iterable
from typing import Any, Final

from falcon import CORSMiddleware
from falcon.asgi import App, Request, Response

from api import (
    audit,
    batches,
    customers,
    errors,
    finance,
    operations,
    orders,
    periods,
    privacy,
    reconciliations,
    shop,
    storefront,
    streams,
    webhooks,
)
from api import keys as access_keys
from api.access import Access
from api.asking import Asking
from api.commanding import Commanding
from api.following import Following
from api.narrowing import Narrowing
from api.observing import Observing
from api.openapi import document, pages
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.keys import Keys
from domain.order.commands import AddCharge
from domain.privacy.accesses import Accesses
from domain.privacy.erasing import Erasing
from domain.privacy.erasures import Erasures
from domain.reconciled import KEPT
from projections.access.uses import Uses
from projections.customers.orders_of import orders_of
from projections.customers.table import search_text
from projections.live import LiveFrames
from projections.orders.kept import kept_states
from projections.proof.signing import Checkpoints
from projections.views.views import Views
from projections.webhooks.store import store_of

# The headers that a page of another origin may read.
_EXPOSED: Final = (
    "ETag",
    "Idempotency-Replayed",
    "Ledger-Currencies",
    "Ledger-Position",
    "Ledger-Views",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)


class _Browsers(CORSMiddleware):  # type: ignore[type-arg]  # Falcon names no arguments either
    """Falcon's middleware for CORS, with the `Vary` that keeps caches from giving one origin another's answer."""

    async def process_response_async(self, req: Request, resp: Response, resource: Any, succeeded: bool) -> None:
        resp.append_header("Vary", "Origin")
        await super().process_response_async(req, resp, resource, succeeded)


def create_app(
    ledger: OrderLedger, views: Views, settings: Settings, *, threads: int = 4, observing: Observing | None = None
) -> App[Request, Response]:
    """The ASGI application of one worker. `threads` bounds its long work at one time; `observing` times requests."""
    asking = Asking(ledger, views, threads)
    keys = Keys(ledger.log_of_events, ledger.watch, ledger.clock)
    uses = Uses(settings.key_uses, ledger.clock)
    middleware: list[Any] = [Access(keys, uses, asking, settings), Narrowing()]
    if origins := settings.cors_origins:
        middleware.append(_Browsers("*" if "*" in origins else origins, _EXPOSED))
    if observing is not None:
        middleware.insert(0, observing)
    app: App[Request, Response] = App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.auto_parse_form_urlencoded = False
    errors.install(app)
    ledger.feed = lambda written: views.catch_up(written=written)
    ledger.kept = kept_states(views)
    ledger.version_in_views = views.version_of
    commanding = Commanding(ledger, asking, observing.metrics if observing else None)
    for path, resource in _resources(commanding, views, settings, keys, uses, threads=threads):
        app.add_route(path, resource)
    return app


def _resources(
    commanding: Commanding, views: Views, settings: Settings, keys: Keys, uses: Uses, *, threads: int
) -> Iterable[tuple[str, object]]:
    """Each path with the resource that answers there."""
    ledger, asking = commanding.ledger, commanding.asking
    accesses = Accesses(settings.accesses)
    auditing = audit.Auditing(asking, ledger, accesses, settings)
    checkpoints = Checkpoints(ledger, views, key=settings.key, kept=settings.checkpoints)
    actions = reconciliations.ReconciliationActions(commanding, views, settings)
    erasing = None
    if ledger.keys is not None:
        ledger.keys.on_forgotten.append(search_text.cache_clear)
        erasing = Erasing(ledger, ledger.keys, orders_of(views), settings.keep, Erasures(settings.erasures))
    privacy_actions = privacy.PrivacyActions(commanding, views, erasing, settings)
    following = Following(ledger, views, asking, LiveFrames(ledger, views))
    key_actions = access_keys.KeyActions(keys, uses, commanding, settings)
    hooks = webhooks.WebhookActions(asking, ledger, store_of(ledger.log_of_events, settings.webhooks), settings)
    uploads = finance.PATH + "/reconciliations"
    return (
        (shop.PATH, shop.ShopOrders(asking, settings)),
        (shop.PATH + "/{order_id}", shop.ShopOrder(asking)),
        (storefront.PATH, storefront.StorefrontOrders(asking, settings)),
        (storefront.PATH + "/{order_id}", storefront.StorefrontOrder(commanding, settings)),
        (orders.PATH, orders.Orders(commanding, settings)),
        (batches.PATH, batches.Batch(commanding, places=max(1, threads // 2))),
        (orders.ORDER, orders.Order(commanding)),
        (orders.ORDER + "/items/{item}", orders.Item(commanding)),
        (orders.ORDER + "/charges", orders.Charges(commanding, AddCharge)),
        (orders.ORDER + "/charges/{charge}", orders.Charge(commanding)),
        *(
            (f"{orders.ORDER}/{name}", orders.OrderCommand(commanding, shape))
            for name, shape in orders.ORDER_COMMANDS.items()
        ),
        (customers.PATH, customers.Customers(asking, settings)),
        (customers.PATH + "/{customer_id}", customers.Customer(asking)),
        (audit.PATH + "/events", audit.Events(auditing)),
        (streams.AUDIT_PATH, streams.Streams(asking, ledger, following, settings)),
        (streams.STOREFRONT_PATH, streams.OwnStreams(asking, ledger, following, settings)),
        (audit.PATH + "/checkpoint", audit.SignedHead(auditing, checkpoints)),
        (audit.PATH + "/orders/{order_id}", audit.OrderAsOf(auditing)),
        (audit.PATH + "/orders/{order_id}/events", audit.OrderEvents(auditing)),
        (audit.PATH + "/orders/{order_id}/changes", audit.OrderChanges(auditing)),
        (audit.PATH + "/orders/{order_id}/evidence", audit.Evidence(auditing, views, checkpoints)),
        (audit.PUBLIC_KEY_PATH, audit.PublicKey(asking, checkpoints)),
        (privacy.PATH + "/customers/{customer_id}", privacy.Customer(privacy_actions)),
        (privacy.PATH + "/customers/{customer_id}/export", privacy.Export(privacy_actions, accesses)),
        (privacy.PATH + "/customers/{customer_id}/erasures", privacy.CustomerErasures(privacy_actions)),
        (privacy.PATH + "/orders/{order_id}/erasures", privacy.OrderErasures(privacy_actions)),
        (privacy.PATH + "/erasures", privacy.AllErasures(privacy_actions)),
        (finance.PATH + "/payments", finance.Payments(asking, views, settings)),
        (finance.PATH + "/summary", finance.Summary(asking, settings)),
        (finance.PATH + "/periods", periods.Periods(commanding, views, checkpoints, settings)),
        (finance.PATH + "/periods/{period}", periods.Report(commanding, views, settings)),
        (uploads, reconciliations.Reconciliations(actions, uploads_max=max(1, threads // 2))),
        (uploads + "/{reconciliation}", reconciliations.OneReconciliation(actions)),
        *((f"{uploads}/{{reconciliation}}/{what}", reconciliations.Kept(actions, what)) for what in KEPT),
        (uploads + "/{reconciliation}/evidence", reconciliations.Evidence(actions, views, checkpoints)),
        *(
            (f"{uploads}/{{reconciliation}}/{decision}", reconciliations.Decisions(actions, decision))
            for decision in reconciliations.SHAPES
        ),
        (webhooks.PATH, webhooks.Webhooks(hooks)),
        (webhooks.PATH + "/{webhook_id}", webhooks.OneWebhook(hooks)),
        (webhooks.PATH + "/{webhook_id}/rotate", webhooks.Rotate(hooks)),
        (webhooks.PATH + "/{webhook_id}/enable", webhooks.Enable(hooks)),
        (webhooks.PATH + "/{webhook_id}/deliveries", webhooks.Deliveries(hooks)),
        (webhooks.PATH + "/{webhook_id}/deliveries/{delivery_id}/replay", webhooks.Replay(hooks)),
        (access_keys.PATH, access_keys.AllKeys(key_actions)),
        (access_keys.PATH + "/{name}", access_keys.OneKey(key_actions)),
        (access_keys.PATH + "/{name}/rotations", access_keys.Rotations(key_actions)),
        (document.PATH, pages.Description(settings)),
        (pages.DOCS_PATH, pages.Docs(settings)),
        (pages.DOCS_PATH + "/{name}", pages.Docs(settings)),
        ("/healthz", operations.Health()),
        ("/readyz", operations.Readiness(ledger, views, (settings.folder, settings.views.parent))),
    )
