"""Are the access keys those that their events made? Each key that the log admits is compared with its recorded
events."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from domain.access.state import KEY, Key
from domain.aggregate import BrokenHistory, step
from domain.log.log import Log, StoredKey
from domain.log.mapper import DamagedEvent, EventMapper, UnknownTopic
from domain.moments import instant
from projections.proof.problems import SOMEWHERE, Problem

_TOPICS: Final = tuple(KEY.topics)
_MAPPER: Final = EventMapper()
# A former secret: its SHA-256, its beginning, and its expiry.
_Former = tuple[str, str, str]


def check_keys(log: Log, head: int) -> tuple[list[Problem], list[str]]:
    """The problems of keys that differ from their events. Where no key was ever recorded, the names of the existing
    keys instead: an older version of the program made them."""
    made: dict[str, tuple[Key, int]] = {}
    for raw in log.raw_records(until=head, topics=_TOPICS):
        try:
            record = _MAPPER.read(raw)
            known = made.get(raw.order)
            made[raw.order] = (step(KEY, known and known[0], record), raw.position)
        except (UnknownTopic, DamagedEvent, BrokenHistory):
            made.pop(raw.order, None)  # a problem of its own
    there = {key.name: key for key in log.access_keys()}
    former: dict[str, set[_Former]] = defaultdict(set)
    for secret in log.former_keys():
        former[secret.name].add((secret.hash.hex(), secret.prefix, secret.expires_at))
    if not made:
        return [], list(there)
    return list(_differences({key.name: (key, at) for key, at in made.values()}, there, former)), []


def _differences(
    made: dict[str, tuple[Key, int]], there: dict[str, StoredKey], former: dict[str, set[_Former]]
) -> Iterator[Problem]:
    for name in sorted(there.keys() - made.keys()):
        yield Problem(0, None, f"the access key {name} is in force or was, and no event has made it", SOMEWHERE)
    for name in sorted(former.keys() - made.keys()):
        yield Problem(0, None, f"the access key {name} has a former secret, and no event has made it", SOMEWHERE)
    for name, (key, position) in sorted(made.items()):
        if name not in there:
            yield Problem(position, None, f"the access key {name} was made, and is not there")
            continue
        for what, recorded, stored in _told(key, there[name]):
            if recorded != stored:
                reason = f"the access key {name} has another {what} than its events gave it: {stored}, not {recorded}"
                yield Problem(position, None, reason)
        if _former(key) != former[name]:
            reason = f"the access key {name} has other former secrets than its events gave it, or until another time"
            yield Problem(position, None, reason)


def _former(key: Key) -> set[_Former]:
    return {(of.sha256, of.prefix, instant(of.expires_at)) for of in key.former}


def _told(key: Key, stored: StoredKey) -> Iterator[tuple[str, object, object]]:
    """A key's facts: the name, the recorded value and the stored value of each."""
    yield "hash", key.sha256, stored.hash.hex()
    yield "beginning", key.prefix, stored.prefix
    yield "customer", key.customer_id, stored.customer_id
    yield "scope", " ".join(key.scopes), stored.scopes
    yield "time of making", instant(key.made_at), stored.created_at
    yield "time of expiry", key.expires_at and instant(key.expires_at), stored.expires_at
    yield "list of origins", " ".join(key.origins), stored.origins
    yield "time of revocation", key.revoked_at and instant(key.revoked_at), stored.revoked_at
