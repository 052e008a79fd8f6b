"""What answers have in common: the position of the log that they are of, and JSON."""

from falcon.asgi import Response

from api.positions import position_token


def stamp(resp: Response, position: int) -> None:
    """Says on an answer how far in the log it is."""
    resp.set_header("Ledger-Position", position_token(position))


def json_answer(resp: Response, body: bytes, position: int) -> None:
    resp.content_type = "application/json"
    resp.data = body
    resp.set_header("Cache-Control", "private, no-cache")
    stamp(resp, position)
