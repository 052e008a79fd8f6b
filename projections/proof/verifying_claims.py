"""Are the claims those that the events make? Each event's claims are made anew, and no other claim may exist.

The records tell which actor claimed an idempotency key, for which order and up to which version. A key that came with
an already known payment is in no record: of such a claim only the existence of its order and version is checked.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, groupby, takewhile
from typing import Final

from eventsourcing.persistence import MapperDeserialisationError

from domain.aggregate import Record
from domain.claims import CLAIMING, ERASED_KEY, claims_of, reference_value
from domain.log.log import Census, Log
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord, StoredClaim, text_of
from domain.order.movements import EFFECTS
from domain.order.state import ORDER
from domain.topics import TOPICS
from projections.proof.problems import SOMEWHERE, Problem
from projections.proof.verifying_records import is_intact

_MASKED: Final = EventMapper(opens=())
IDEMPOTENCY: Final = "idempotency"
_KINDS: Final = ("order-id", "order-key", "external-id", *EFFECTS, ERASED_KEY)
_CLAIMING: Final = frozenset(name for name, topic in TOPICS.items() if topic.shape in CLAIMING)
_ORDERS: Final = frozenset(name for name, topic in TOPICS.items() if topic.kind is ORDER)


def check_claims(
    log: Log, raws: Sequence[RawRecord], read: Callable[[RawRecord], Record], altered: Collection[int]
) -> tuple[list[Problem], Counter[str]]:
    """The problems of the claims that these records, neighbours in the log, should have made; and the number of right
    claims by kind.

    `altered` are the positions of those that do not match their digests. A damaged record is a problem of its own, and
    proves nothing about claims.
    """
    rest = list(_rest_of_last(log, raws))
    altered = {*altered, *(raw.position for raw in rest if not is_intact(raw))}
    intact = (raw for raw in raws if raw.position not in altered) if altered else raws
    expected = [*_of_events(intact, read), *_of_keys(chain(raws, rest), altered)]
    held = log.claimed((claim.kind, claim.value) for _, claim in expected)
    pairs = [(raw, claim, held.get((claim.kind, claim.value))) for raw, claim in expected]
    problems = [_differs(log, raw, claim, other) for raw, claim, other in pairs if other != claim]
    return problems, Counter(claim.kind for _, claim, other in pairs if other == claim)


def _of_events(
    raws: Iterable[RawRecord], read: Callable[[RawRecord], Record]
) -> Iterator[tuple[RawRecord, StoredClaim]]:
    for raw in raws:
        if raw.topic in _CLAIMING:
            try:
                record = _even_sealed(raw, read)
            except MapperDeserialisationError:
                continue  # a topic of another version, which is a problem of its own
            for claim in claims_of([record]):
                yield raw, StoredClaim(claim.kind, claim.value, str(claim.originator_id), claim.version)


def _even_sealed(raw: RawRecord, read: Callable[[RawRecord], Record]) -> Record:
    """The record; without its personal data where it cannot be read with them, since claims contain none."""
    try:
        return read(raw)
    except MapperDeserialisationError:
        return _MASKED.read_unchecked(raw)


def _rest_of_last(log: Log, raws: Sequence[RawRecord]) -> Iterator[RawRecord]:
    """The records behind these that belong to the last one's command."""
    if not raws or raws[-1].idempotency_key is None:
        return iter(())
    return takewhile(lambda raw: _command(raw) == _command(raws[-1]), log.raw_records(after=raws[-1].position))


def _command(raw: RawRecord) -> tuple[bytes, bytes, bytes | None]:
    return raw.originator_id, raw.actor, raw.idempotency_key


def _of_keys(raws: Iterable[RawRecord], altered: Collection[int]) -> Iterator[tuple[RawRecord, StoredClaim]]:
    """Each command's last record with the claim of its idempotency key: a command's records are neighbours, and the key
    is claimed for the version of the last."""
    for (_, actor, key), run in groupby(raws, _command):
        if key is not None:
            *_, last = run
            if last.topic in _ORDERS and last.position not in altered:
                value = reference_value(text_of(actor), text_of(key))
                yield last, StoredClaim(IDEMPOTENCY, value, last.order, last.version)


def _differs(log: Log, raw: RawRecord, claim: StoredClaim, held: StoredClaim | None) -> Problem:
    what, position = f"the {claim.kind} {claim.value}", raw.position
    if held is None:
        return Problem(position, raw.order, f"nobody has claimed {what}, which this event took")
    if claim.kind == IDEMPOTENCY and held.originator_id == claim.originator_id and held.version > claim.version:
        position = log.position_of(held.originator_id, held.version) or position
        return Problem(position, raw.order, f"{what} is claimed to this version, whose record has not that key")
    by = f"version {held.version} of order {held.originator_id}"
    return Problem(position, raw.order, f"{what}, which this event took, is claimed by {by}")


def unexplained_claims(log: Log, there: Census, made: Counter[str]) -> Iterator[Problem]:
    """The claims that no event made: of missing versions, of unknown kinds, and of events that did not take them. The
    last are searched only among kinds with more claims than the events made."""
    for claim in log.dangling_claims():
        reason = f"the {claim.kind} {claim.value} is claimed by version {claim.version}, which the log has not"
        yield Problem(0, claim.originator_id, reason, until=SOMEWHERE)
    for kind in sorted(there.claims.keys() - {*_KINDS, IDEMPOTENCY}):
        yield Problem(0, None, f"the log has claims of a kind {kind}, which this program does not know", SOMEWHERE)
    for kind in _KINDS:
        if there.claims.get(kind, 0) > made[kind]:
            for claim in log.claims(kind):
                yield from _stranger(log, claim, there.head)


def _stranger(log: Log, claim: StoredClaim, head: int) -> Iterator[Problem]:
    raw = log.raw_record(log.position_of(claim.originator_id, claim.version))
    if raw is None or raw.position > head or not is_intact(raw):
        return
    if not any(claim == made for _, made in _of_events([raw], _MASKED.read_unchecked)):
        reason = f"the {claim.kind} {claim.value} is claimed by version {raw.version}, whose event has not taken it"
        yield Problem(raw.position, raw.order, reason)
