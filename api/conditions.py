"""The headers that make a request conditional: If-Match, If-None-Match, Idempotency-Key."""

import re
from typing import Final, NamedTuple

from falcon.asgi import Request

from api.errors import Problem, collect, invalid_parameter
from api.parameters import Parameters
from domain.log.keys import Caller
from domain.log.records import Provenance

_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAGS: Final = re.compile(r'\s*(?:W/)?"([0-9]{1,15})"\s*')


class Conditions(NamedTuple):
    provenance: Provenance
    # The versions that the order may have; None for any.
    expected_versions: list[int] | None
    is_trial: bool


def provenance(req: Request) -> Provenance:
    """The provenance of a write. Raises a 400 for a malformed Idempotency-Key."""
    key = req.get_header("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid_parameter("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    caller: Caller = req.context.caller
    return Provenance(caller.actor, req.context.request_id, key)


def is_trial(req: Request) -> bool:
    """Whether a command is a trial (`dry_run`). Raises a 400, also for any other parameter."""
    parameters = Parameters(req.params)
    trial, _ = collect(lambda: parameters.boolean("dry_run"), lambda: parameters.refuse_others_than({"dry_run"}))
    return bool(trial)


def conditions(req: Request) -> Conditions:
    """The conditions of a command. Raises a 400 that names all their faults."""
    return Conditions(*collect(lambda: provenance(req), lambda: expected_versions(req), lambda: is_trial(req)))


def expected_versions(req: Request) -> list[int] | None:
    """The versions that If-Match allows; None for any. Raises a 400."""
    header = req.get_header("If-Match")
    if header is None or header.strip() == "*":
        return None
    found = [_ETAGS.fullmatch(part) for part in header.split(",")]
    if not all(found):
        raise invalid_parameter("If-Match", 'must be a version as ETag gives it, like "7"')
    return [int(match[1]) for match in found if match]


def must_be_new(under: Conditions) -> None:
    """Raises a 412 where If-Match names a version, since an order that is being created has none."""
    if under.expected_versions is not None:
        raise Problem(412, "order-moved", "An order that is being created has no version that If-Match could name.")


def none_match(req: Request, version: int) -> bool:
    """Whether If-None-Match names this version, or any (RFC 9110, section 13.1.2)."""
    header = req.get_header("If-None-Match") or ""
    return header.strip() == "*" or any(
        match and int(match[1]) == version for match in map(_ETAGS.fullmatch, header.split(","))
    )
