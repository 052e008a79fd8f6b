"""Positions of the log as clients see them: `orders:1234`."""

import re
from typing import Final

from falcon.asgi import Request

from api.errors import invalid_parameter
from api.parameters import Parameters
from domain.ledger import LOG

POSITION: Final = re.compile(rf"{LOG}:([0-9]{{1,15}})")


def position_token(position: int) -> str:
    return f"{LOG}:{position}"


def position_in(parameters: Parameters, name: str) -> int | None:
    """The position that a parameter names by its token. Raises a 400."""
    return _position(name, parameters.text(name))


def position_in_header(req: Request, name: str) -> int | None:
    """The position that a header names by its token; None where the header is empty. Raises a 400."""
    return _position(name, (req.get_header(name) or "").strip() or None)


def _position(name: str, token: str | None) -> int | None:
    if token is None:
        return None
    found = POSITION.fullmatch(token)
    if not found:
        raise invalid_parameter(name, f"must be a Ledger-Position like {LOG}:1234")
    return int(found[1])
