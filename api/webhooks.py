"""Webhooks: their URLs and event types, their secrets, and their deliveries (docs/webhooks.md)."""

import re
import secrets
from collections.abc import Callable
from time import time
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from falcon.asgi import Request, Response
from msgspec import UNSET, UnsetType

from api import access
from api.answers import json_answer, set_position
from api.asking import Asking
from api.bodies import read_command, read_command_if_any
from api.errors import Problem, collect
from api.parameters import FIELDS, Parameters
from api.positions import POSITION, position_in, position_token
from api.settings import Settings
from domain.faults import invalid
from domain.ledger import OrderLedger
from domain.moments import instant, moment_of
from projections.webhooks import signing
from projections.webhooks.addresses import refused_address
from projections.webhooks.messages import TYPES, message_id
from projections.webhooks.store import Delivery, Store, Webhook

PATH: Final = "/api/v1/webhooks"
READ: Final = "webhooks:read"
WRITE: Final = "webhooks:write"
WEBHOOKS_MAX: Final = 50
URL_LENGTH_MAX: Final = 2_000
# How long messages are signed with the old secret, too, after a rotation.
OLD_SECRET_SECONDS: Final = 24 * 3600
_LIMIT_DEFAULT: Final = 100
_LIMIT_MAX: Final = 1_000
_TYPES: Final = tuple(dict.fromkeys(TYPES.values()))
STATUSES: Final = ("delivered", "waiting")
_URL: Final = re.compile(r"https?://[\x21-\x7e]+", re.IGNORECASE)
_NO_END: Final = 2**62
_encode = msgspec.json.encode
Faults = list[tuple[str, str]]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new webhook. Without `event_types` it is sent all events; without `after` it begins at the log's head; without
    `secret` it is given a new one."""

    url: str
    event_types: tuple[str, ...] = ()
    secret: str | None = None
    after: str | None = None


class ChangedWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str | UnsetType = UNSET
    event_types: tuple[str, ...] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: str | None = None


class WebhookActions:
    """The work that the resources of webhooks share."""

    def __init__(self, asking: Asking, ledger: OrderLedger, store: Store, settings: Settings) -> None:
        self.asking = asking
        self.ledger = ledger
        self.store = store
        self._settings = settings

    async def admit(
        self,
        req: Request,
        needed: str,
        known: frozenset[str] = frozenset(),
        asked: Callable[[Parameters], list[Any]] = lambda _: [],
    ) -> list[Any]:
        """The values of the query string, once the caller's scope is checked. Raises a 403 without the scope, and a 400
        that names all faults of the query string."""
        access.require_scope(req, needed)
        parameters = Parameters(req.params)
        known |= {FIELDS} if needed == READ else set()
        (found,) = await self.asking.query_values(parameters, known, lambda: asked(parameters))
        return list(found)

    async def webhook(self, webhook_id: str) -> Webhook:
        """The webhook of an id. Raises a 404."""
        webhook = await self.asking.in_thread(lambda: self.store.one(webhook_id))
        if webhook is None:
            raise _no_webhook()
        return webhook

    async def faults_of(self, url: str | UnsetType, event_types: tuple[str, ...] | UnsetType) -> Faults:
        """The faults of a webhook's URL and event types."""
        faults: Faults = []
        if not isinstance(url, UnsetType) and (fault := await self._fault_of_url(url)):
            faults.append(("url", fault))
        for n, name in enumerate(() if isinstance(event_types, UnsetType) else event_types):
            if name not in _TYPES:
                faults.append((f"event_types[{n}]", f"must be one of {', '.join(_TYPES)}"))
        return faults

    async def _fault_of_url(self, url: str) -> str | None:
        wanted = f"must be an address like https://shop.example.com/hooks, of at most {URL_LENGTH_MAX} characters"
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return wanted
        if not _URL.fullmatch(url) or not host or len(url) > URL_LENGTH_MAX:
            return wanted
        if parts.username is not None or parts.password is not None or parts.fragment:
            return "must have no user, password or fragment"
        refused = await refused_address(host, self._settings.webhook_networks)
        if refused is None:
            return None
        return f"{refused} is inside the operator's own network; LEDGER_WEBHOOK_NETWORKS says which of it may be told"

    async def answer(self, resp: Response, webhook: Webhook, *, secret: bool = False) -> None:
        head = await self.asking.ask_log(self.ledger.head)
        waiting = await self.asking.in_thread(lambda: self.store.waiting_count(webhook.id))
        json_answer(resp, _encode(_shown(webhook, waiting, head, secret=secret)), head)
        resp.set_header("Cache-Control", "no-store")


class _Resource:
    def __init__(self, actions: WebhookActions) -> None:
        self._actions = actions


class Webhooks(_Resource):
    async def on_get(self, req: Request, resp: Response) -> None:
        actions = self._actions
        await actions.admit(req, READ)
        head = await actions.asking.ask_log(actions.ledger.head)
        found = await actions.asking.in_thread(
            lambda: [_shown(each, actions.store.waiting_count(each.id), head) for each in actions.store.all()]
        )
        json_answer(resp, _encode({"webhooks": found}), head)

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        actions = self._actions
        await actions.admit(req, WRITE)
        given = await read_command(req, NewWebhook)
        faults = await actions.faults_of(given.url, given.event_types)
        secret, position = _secret(given.secret, faults), await self._position(given.after, faults)
        if faults:
            raise invalid(faults)
        webhook = Webhook(
            id=f"wh_{secrets.token_hex(10)}",
            url=given.url,
            event_types=tuple(dict.fromkeys(given.event_types)),
            secret=secret,
            old_secret=None,
            old_secret_until=None,
            private_key=signing.new_private_key(),
            position=position,
            created_at=instant(actions.ledger.clock()),
            created_by=req.context.caller.name,
        )
        if not await actions.asking.in_thread(lambda: actions.store.add(webhook, count_max=WEBHOOKS_MAX)):
            raise Problem(409, "too-many-webhooks", f"There are {WEBHOOKS_MAX} webhooks already; remove one first.")
        await actions.answer(resp, webhook, secret=True)
        resp.status = 201
        resp.set_header("Location", f"{PATH}/{webhook.id}")

    async def _position(self, after: str | None, faults: Faults) -> int:
        """The position behind which a webhook begins: `after`, or the log's head. Adds its faults to `faults`."""
        if after is None:
            return await self._actions.asking.ask_log(self._actions.ledger.head)
        found = POSITION.fullmatch(after)
        if not found:
            faults.append(("after", f"must be a Ledger-Position like {position_token(1234)}"))
        elif not await self._actions.asking.has_reached(int(found[1])):
            faults.append(("after", "the log has not reached this position; take one that an answer gave"))
        return int(found[1]) if found else 0


class OneWebhook(_Resource):
    async def on_get(self, req: Request, resp: Response, webhook_id: str) -> None:
        await self._actions.admit(req, READ)
        await self._actions.answer(resp, await self._actions.webhook(webhook_id))

    on_head = on_get

    async def on_patch(self, req: Request, resp: Response, webhook_id: str) -> None:
        actions = self._actions
        await actions.admit(req, WRITE)
        given, webhook = await read_command(req, ChangedWebhook), await actions.webhook(webhook_id)
        if faults := await actions.faults_of(given.url, given.event_types):
            raise invalid(faults)
        await actions.asking.in_thread(lambda: self._change(webhook, given))
        await actions.answer(resp, await actions.webhook(webhook_id))

    def _change(self, webhook: Webhook, given: ChangedWebhook) -> None:
        store = self._actions.store
        if given.url is not UNSET or given.event_types is not UNSET:
            types = None if isinstance(given.event_types, UnsetType) else tuple(dict.fromkeys(given.event_types))
            store.change(webhook.id, given.url or None, types)
        if given.enabled is True and webhook.disabled_at is not None:
            store.enable(webhook.id)
        if given.enabled is False:
            store.disable(webhook.id, instant(self._actions.ledger.clock()), "it was switched off")

    async def on_delete(self, req: Request, resp: Response, webhook_id: str) -> None:
        await self._actions.admit(req, WRITE)
        webhook = await self._actions.webhook(webhook_id)
        await self._actions.asking.in_thread(lambda: self._actions.store.remove(webhook.id))
        set_position(resp, await self._actions.asking.ask_log(self._actions.ledger.head))
        resp.status = 204


class Rotate(_Resource):
    """Gives a webhook a new secret, the client's or a random one; messages are signed with the old one, too, for a
    day."""

    async def on_post(self, req: Request, resp: Response, webhook_id: str) -> None:
        actions = self._actions
        await actions.admit(req, WRITE)
        given = await read_command_if_any(req, Rotation)
        webhook = await actions.webhook(webhook_id)
        faults: Faults = []
        secret = _secret(given.secret, faults)
        if faults:
            raise invalid(faults)
        until = int(time()) + OLD_SECRET_SECONDS
        await actions.asking.in_thread(lambda: actions.store.rotate(webhook.id, secret, until))
        await actions.answer(resp, await actions.webhook(webhook_id), secret=True)


class Enable(_Resource):
    """Enables a disabled webhook; its waiting deliveries are tried at once."""

    async def on_post(self, req: Request, resp: Response, webhook_id: str) -> None:
        actions = self._actions
        await actions.admit(req, WRITE)
        webhook = await actions.webhook(webhook_id)
        await actions.asking.in_thread(lambda: actions.store.enable(webhook.id))
        await actions.answer(resp, await actions.webhook(webhook_id))


def _filter(parameters: Parameters) -> list[Any]:
    """The filter of deliveries: their status, the position before which they stand, and how many. Raises a 400."""
    return collect(
        lambda: parameters.choice("status", STATUSES),
        lambda: position_in(parameters, "before"),
        lambda: parameters.limit(_LIMIT_DEFAULT, _LIMIT_MAX),
    )


class Deliveries(_Resource):
    """The deliveries of a webhook, the latest first; of the finished ones the latest ten thousand are kept."""

    async def on_get(self, req: Request, resp: Response, webhook_id: str) -> None:
        actions = self._actions
        status, before, limit = await actions.admit(req, READ, frozenset({"status", "before", "limit"}), _filter)
        webhook = await actions.webhook(webhook_id)
        end = _NO_END if before is None else before
        found = await actions.asking.in_thread(
            lambda: actions.store.deliveries(webhook.id, status=status, before=end, limit=limit)
        )
        shown = [_delivery(webhook.id, each) for each in found]
        following = position_token(found[-1].position) if len(found) == limit else None
        head = await actions.asking.ask_log(actions.ledger.head)
        json_answer(resp, _encode({"deliveries": shown, "next": following}), head)

    on_head = on_get


class Replay(_Resource):
    """Sends an event again, with the id of its first delivery."""

    async def on_post(self, req: Request, resp: Response, webhook_id: str, delivery_id: str) -> None:
        actions = self._actions
        await actions.admit(req, WRITE)
        webhook = await actions.webhook(webhook_id)
        delivery = await actions.asking.in_thread(lambda: self._wanted(webhook, delivery_id))
        if delivery is None:
            detail = "No event with this id has been delivered, or waits to be."
            raise Problem(404, "delivery-not-found", detail)
        if not await actions.asking.in_thread(lambda: actions.store.replay(webhook.id, delivery)):
            raise _no_webhook()
        head = await actions.asking.ask_log(actions.ledger.head)
        json_answer(resp, _encode(_delivery(webhook.id, delivery)), head)
        resp.status = 202

    def _wanted(self, webhook: Webhook, delivery_id: str) -> Delivery | None:
        """The waiting delivery to be sent again; made from the log where the first one is not kept any more. None where
        the webhook never had it."""
        found = re.fullmatch(rf"{re.escape(webhook.id)}-([0-9]{{1,15}})", delivery_id)
        position = int(found[1]) if found else 0
        noted = self._actions.store.deliveries(webhook.id, status=None, before=position + 1, limit=1)
        if noted and noted[0].position == position:
            return Delivery(position, noted[0].originator, noted[0].type, "waiting")
        raw = self._actions.ledger.log_of_events.raw_record(position) if 0 < position <= webhook.position else None
        name = None if raw is None else TYPES.get(raw.topic.decode(errors="replace"))
        if raw is None or name is None or (webhook.event_types and name not in webhook.event_types):
            return None
        return Delivery(position, raw.order, name, "waiting")


def _no_webhook() -> Problem:
    return Problem(404, "webhook-not-found", "There is no such webhook.")


def _secret(given: str | None, faults: Faults) -> bytes:
    """The client's secret, or a new one. Adds its faults to `faults`."""
    if given is None:
        return signing.new_secret()
    try:
        return signing.secret_given(given)
    except ValueError as error:
        faults.append(("secret", str(error)))
        return b""


def _shown(webhook: Webhook, waiting: int, head: int, *, secret: bool = False) -> dict[str, Any]:
    """A webhook's document, with its secret only where that is new."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "event_types": webhook.event_types,
        "status": "enabled" if webhook.disabled_at is None else "disabled",
        "disabled_at": webhook.disabled_at,
        "disabled_because": webhook.disabled_because,
        "position": position_token(webhook.position),
        "behind": max(0, head - webhook.position),
        "waiting": waiting,
        "public_key": signing.public_key(webhook.private_key),
        "created_at": webhook.created_at,
        "created_by": webhook.created_by,
        **({"secret": signing.secret_shown(webhook.secret)} if secret else {}),
    }


def _delivery(webhook_id: str, delivery: Delivery) -> dict[str, Any]:
    next_at = instant(moment_of(delivery.next_at * 1_000_000)) if delivery.status == "waiting" else None
    return {
        "id": message_id(webhook_id, delivery.position),
        "position": position_token(delivery.position),
        "order": delivery.originator,
        "type": delivery.type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "attempted_at": delivery.attempted_at,
        "next_at": next_at if delivery.next_at else None,
        "answer_status": delivery.answer_status,
        "answer": delivery.answer,
        "error": delivery.error,
        "milliseconds": delivery.milliseconds,
    }
