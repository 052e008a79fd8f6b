"""How many requests may a caller make? Each has a bucket of tokens, which fills again with time.

Each worker has buckets of its own. The headers are those of the IETF's draft-ietf-httpapi-ratelimit-headers.
"""

import math
import time
from typing import Final

from falcon.asgi import Response

from api.errors import Problem
from api.settings import Rate
from domain.counted import counted

CALLERS_MAX: Final = 10_000


class Rates:
    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._per_second = rate.requests / rate.seconds
        self._policy = f'"caller";q={rate.requests};w={rate.seconds}'
        # Of each caller: the tokens at its last request, and when that was.
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, resp: Response) -> None:
        """Takes a token out of the caller's bucket, and sets the headers. Raises a 429 where there is none."""
        now = time.monotonic()
        left, at = self._buckets.pop(caller, (float(self._rate.requests), now))
        left = min(self._rate.requests, left + (now - at) * self._per_second)
        if len(self._buckets) >= CALLERS_MAX:
            del self._buckets[next(iter(self._buckets))]
        has_one = left >= 1
        left -= has_one
        self._buckets[caller] = left, now  # at the end: the longest idle caller stands first
        wait = math.ceil((1 - left) / self._per_second) if left < 1 else 0
        resp.set_header("RateLimit-Policy", self._policy)
        resp.set_header("RateLimit", f'"caller";r={math.floor(left)};t={wait or math.ceil(1 / self._per_second)}')
        if not has_one:
            allowed = f"{counted(self._rate.requests, 'request')} in {self._rate.seconds} s"
            detail = f"This key may make {allowed}; ask again in {wait} s."
            raise Problem(429, "rate-limited", detail, headers={"Retry-After": str(wait)})
