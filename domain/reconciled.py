"""Reads reconciliations, of the log and the journal: what is kept of each, and what do they tell each other?

The ledger keeps the file, the rules and the report of each reconciliation under their SHA-256s. So a report can be made
again at any time and compared.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from tempfile import TemporaryFile
from typing import BinaryIO, Final, NamedTuple, Protocol
from uuid import UUID

from msgspec.structs import replace

from domain.aggregate import fold, step
from domain.ledger import OrderLedger, must_be_whole
from domain.log.log import Reading
from domain.privacy.keyring import DataOwner
from domain.reconciliation import matching
from domain.reconciliation.kept import KeptReport, SharedOffers, decode_claims, decode_offers, indexed, without_index
from domain.reconciliation.others import DECIDED, POSSIBLE, Claim, OtherFile, SharedClaims, SurestClaim, surest_claims
from domain.reconciliation.payouts import FileOffers
from domain.reconciliation.refusals import ReconciliationNotFound
from domain.reconciliation.report import LazyReport, Pair, ReportInputs, report
from domain.reconciliation.rules import Rules, rules_from
from domain.reconciliation.state import FILE, RECONCILIATION, SUBJECT, Reconciliation
from domain.refusals import FileErased
from domain.settlement import lines
from domain.settlement.reading import is_statement, read
from domain.topics import kind_of

# The kept contents of a reconciliation that a client can read.
KEPT: Final = ("file", "rules", "report")
# Progress is told after so many lines.
_SAY_LINES: Final = 5_000
# The decisions about a claim on a payment.
_OF_CLAIMS: Final = ("confirmed", "broken")
# The outcome of a line whose payment is another file's.
_LEFT: Final = "settled_already"


class Journal(Protocol):
    """The payments and reconciliations that the ledger has, as the views know them."""

    def position(self) -> int:
        """The journal's position in the log, once it has caught up with the head."""

    def entries(self, provider: str, position: int) -> Iterable[matching.Entry]:
        """A provider's movements up to a position, in the order of positions, without void payments and voids."""

    def has_news(self, provider: str, position: int, *, after: int) -> bool:
        """Whether a provider has a movement behind the position `after` and up to `position`."""

    def reconciliations(self) -> Sequence[Reconciliation]:
        """The reconciliations of all providers, in the order of their starts."""


class Contents(NamedTuple):
    """The contents of a settlement file: its lines, its balances, and whether it is a bank statement."""

    lines: list[lines.Line]
    balances: list[lines.Balance]
    is_statement: bool


class Shared(NamedTuple):
    """A reconciliation's claims for the provider's other files, and its offers for the files of other providers."""

    claims: SharedClaims
    offers: SharedOffers


def read_again(ledger: OrderLedger, state: Reconciliation) -> tuple[Rules, Contents]:
    """The rules and the file's contents, read from their kept bytes. Raises FileErased, and OperationalError where kept
    bytes are missing or altered."""
    rules = rules_from(b"".join(ledger.log_of_events.kept_file(state.rules_sha256)).decode())
    with TemporaryFile() as file:
        for piece in ledger.files.pieces(state.file_sha256, state.file_sealed_sha256):
            file.write(piece)
        return rules, read_file(file, state.file, state.provider, rules)


def reconciliation(ledger: OrderLedger, uuid: UUID, on: Reading | None = None) -> Reconciliation:
    """A reconciliation after its events; with `on`, as a transaction sees them, its own writes included.

    Raises ReconciliationNotFound, IncompleteHistory.
    """
    state: Reconciliation | None = None
    known = ledger.known_version(uuid, on)
    for stored in (on or ledger.log_of_events).select_events(uuid):
        record = ledger.mapper.to_domain_event(stored)
        if kind_of(record) is not RECONCILIATION:
            raise ReconciliationNotFound
        state = step(RECONCILIATION, state, record)
    must_be_whole(uuid, 0 if state is None else state.version, known)
    if state is None:
        raise ReconciliationNotFound
    return state


def kept_report(ledger: OrderLedger, state: Reconciliation) -> KeptReport:
    """The kept report of the last run. Raises FileErased."""
    _must_be_there(state)
    return _kept(ledger, state.report_sha256, state.report_sealed_sha256, state.index_sha256)


def _kept(ledger: OrderLedger, report_sha256: str, sealed_sha256: str, index_sha256: str) -> KeptReport:
    pieces = partial(ledger.files.pieces, report_sha256, sealed_sha256)
    if index_sha256:
        return KeptReport(pieces, b"".join(ledger.log_of_events.kept_file(index_sha256)))
    return without_index(pieces)


def owner_of(state: Reconciliation) -> DataOwner:
    """The subject of a reconciliation's personal data: itself, since the ledger does not know the persons in a file."""
    return DataOwner(f"{SUBJECT}{state.uuid}", state.started_at.year)


def read_file(
    file: BinaryIO, name: str, provider: str, rules: Rules, say: Callable[[int], None] = lambda _: None
) -> Contents:
    """The contents of a settlement file. `say` gets the number of lines read so far. Raises SettlementRefused."""
    found: list[lines.Line] = []
    balances: list[lines.Balance] = []
    for line in read(file, name, provider, rules.mapping(provider), balances.append, kinds=rules.kinds(provider)):
        found.append(line)
        if len(found) % _SAY_LINES == 0:
            say(len(found))
    return Contents(found, balances, is_statement(file))


class Reconciled:
    """The reads of a ledger's reconciliations."""

    def __init__(self, ledger: OrderLedger, journal: Journal) -> None:
        self._ledger = ledger
        self._log = ledger.log_of_events
        self._journal = journal

    def get(self, uuid: UUID, on: Reading | None = None) -> Reconciliation:
        """A reconciliation after its events. Raises ReconciliationNotFound, IncompleteHistory."""
        return reconciliation(self._ledger, uuid, on)

    def since(self, state: Reconciliation, on: Reading) -> Reconciliation:
        """The state with the events recorded after it. Inside a transaction this reads less than `get`, so other
        writers wait less."""
        for stored in on.select_events(state.uuid, gt=state.version):
            state = step(RECONCILIATION, state, self._ledger.mapper.to_domain_event(stored))
        return state

    def report(self, state: Reconciliation) -> KeptReport:
        """The kept report of the last run. Raises FileErased."""
        return kept_report(self._ledger, state)

    def report_before(self, state: Reconciliation) -> KeptReport | None:
        """The kept report of the run before the last; None where there was one run alone. Raises FileErased."""
        if state.report_before_sha256 is None:
            return None
        _must_be_there(state)
        sealed_sha256, index_sha256 = state.report_before_sealed_sha256, state.index_before_sha256 or ""
        return _kept(self._ledger, state.report_before_sha256, sealed_sha256, index_sha256)

    def pieces(self, state: Reconciliation, what: str) -> Iterator[bytes]:
        """The kept bytes of a file, rules or report, as `what` in KEPT says, piece by piece. Raises FileErased, and
        OperationalError, at the end, where the bytes are missing or altered."""
        if what == "rules":
            return self._log.kept_file(state.rules_sha256)
        _must_be_there(state)
        return self._ledger.files.pieces(getattr(state, f"{what}_sha256"), getattr(state, f"{what}_sealed_sha256"))

    def reproduce(self, state: Reconciliation) -> LazyReport:
        """The report of the last run made again, from file, rules, journal and the other reconciliations as they were
        at that run. It equals the kept report."""
        recorded = self._log.position_of(state.uuid, state.run_version)
        others = [self._as_of(other, recorded) for other in self._journal.reconciliations()]
        then = self._as_of(state, recorded)
        assert then is not None
        return self._made(then, state.position, state.as_of, filter(None, others), then.by_hand)

    def _as_of(self, later: Reconciliation, position: int) -> Reconciliation | None:
        """A reconciliation as it was at a position of the log; None where it had not started."""
        stored = [one for one in self._log.select_events(later.uuid) if one.id <= position]
        return fold(RECONCILIATION, None, map(self._ledger.mapper.to_domain_event, stored))

    def _made(
        self,
        state: Reconciliation,
        position: int,
        now: datetime,
        others: Iterable[Reconciliation],
        by_hand: Sequence[Pair],
    ) -> LazyReport:
        rules, settled = read_again(self._ledger, state)
        inputs = ReportInputs(
            state.provider,
            state.file_sha256,
            state.rules_sha256,
            position,
            now,
            timezone=state.timezone,
            held=frozenset(decided_on(state, "confirmed")).union(*(positions for _, positions in by_hand)),
            by_hand=tuple(by_hand),
        )
        return self._report_of(inputs, rules, settled, others)

    def _report_of(
        self, inputs: ReportInputs, rules: Rules, settled: Contents, others: Iterable[Reconciliation]
    ) -> LazyReport:
        states = [state for state in others if not state.is_withdrawn]
        inputs = replace(inputs, is_bank=settled.is_statement or rules.is_bank(inputs.provider))
        entries = self._journal.entries(inputs.provider, inputs.position)
        others_of_it = self._others(inputs, states)
        elsewhere = map(self._file_offers, states)
        return report(inputs, settled.lines, settled.balances, entries, rules, others=others_of_it, elsewhere=elsewhere)

    # --- the provider's other files ---

    def _others(self, of: ReportInputs | Reconciliation, states: Iterable[Reconciliation]) -> Iterator[OtherFile]:
        """The claims and the covers of the provider's other files, by their reconciliations. A withdrawn one is left
        out."""
        for state in states:
            if state.provider == of.provider and state.file_sha256 != of.file_sha256 and not state.is_withdrawn:
                shared = self._shared_claims(state)
                yield OtherFile(
                    str(state.uuid),
                    state.file,
                    state.file_sha256,
                    shared.covers,
                    shared.claims,
                    shared.waiting,
                    state.is_closed,
                )

    def _shared_offers(self, state: Reconciliation) -> SharedOffers:
        """A reconciliation's payouts and credits for the files of other providers; none where it is withdrawn."""
        if state.is_withdrawn or not state.index_sha256:
            return SharedOffers([])
        return decode_offers(b"".join(self._log.kept_file(state.index_sha256)))

    def _file_offers(self, state: Reconciliation) -> FileOffers:
        shared = self._shared_offers(state)
        return FileOffers(state.provider, str(state.uuid), state.file, state.file_sha256, shared.covers, shared.offers)

    def _shared_claims(self, state: Reconciliation) -> SharedClaims:
        """A reconciliation's covers, claims and waiting payments for the provider's other files; none where it is
        withdrawn."""
        return SharedClaims([], [], []) if state.is_withdrawn else _decided_claims(self._index(state), state)

    def _index(self, state: Reconciliation) -> bytes:
        """The index of a report; made here for a report of an older version of this program, which kept none. Raises
        FileErased."""
        if state.index_sha256:
            return b"".join(self._log.kept_file(state.index_sha256))
        return indexed(b"".join(self.pieces(state, "report")))[1]

    def _shared(self, state: Reconciliation) -> Shared:
        if state.is_withdrawn or not state.index_sha256:
            return Shared(self._shared_claims(state), SharedOffers([]))
        index = self._index(state)
        return Shared(_decided_claims(index, state), decode_offers(index))

    def _held_elsewhere(self, state: Reconciliation) -> dict[int, SurestClaim]:
        return surest_claims(self._others(state, self._journal.reconciliations()))

    def _open_elsewhere(self, state: Reconciliation, held: Collection[int]) -> Callable[[int], matching.Entry | None]:
        """The function that finds an open payment of the journal by its position: one that neither another file
        (`held`) nor a line of this file has settled."""
        taken = self._shared_claims(state).settled.union(held)
        entries = self._journal.entries(state.provider, self._journal.position())
        known = {entry.position: entry for entry in entries if entry.position not in taken}
        return known.get


def _decided_claims(index: bytes, state: Reconciliation) -> SharedClaims:
    shared = decode_claims(index)
    ids = KeptReport(lambda: iter(()), index).ids
    return SharedClaims(shared.covers, _as_decided(shared.claims, state, ids), shared.waiting)


def _must_be_there(state: Reconciliation) -> None:
    """Raises FileErased where the file's data key was destroyed."""
    if FILE in state.erased:
        raise FileErased


def decided_on(state: Reconciliation, kind: str) -> set[int]:
    """The positions of the payments whose results have a decision of this kind."""
    return {position for decision in state.decisions.values() if decision.kind == kind for position in decision.entries}


def _as_decided(claims: Iterable[Claim], state: Reconciliation, ids: Callable[[], set[str]]) -> list[Claim]:
    """The claims of a report, by people's decisions: a broken claim is left out, and a confirmed claim is DECIDED, as
    is a certain claim of a closed reconciliation. `ids` finds the ids of the report's results.

    A closed reconciliation does not take a payment that another file had settled already: there its claim is POSSIBLE.

    A decision on a result that the report no longer has does not count: after a match was broken, another line may have
    got the payment.
    """
    of_claims = {id_: one for id_, one in state.decisions.items() if one.kind in _OF_CLAIMS or one.outcome == _LEFT}
    there = ids() if of_claims else set()
    confirmed, broken, left = (
        {at for id_, one in of_claims.items() if one.kind == kind and id_ in there for at in one.entries}
        for kind in (*_OF_CLAIMS, "explained")
    )

    def as_decided(claim: Claim) -> Claim:
        if claim.position in confirmed:
            return replace(claim, strength=DECIDED)
        if state.is_closed and claim.strength > POSSIBLE:
            return replace(claim, strength=POSSIBLE if claim.position in left else DECIDED)
        return claim

    return [as_decided(claim) for claim in claims if claim.position not in broken]
