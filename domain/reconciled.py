"""What is there of reconciliations, and what do they say to each other? Read of the log and the journal.

The file, the rules and the report of each are kept in the ledger under their SHA-256s. So a report can be made again
at any time and compared.
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
from domain.privacy.keyring import Whose
from domain.reconciliation import matching
from domain.reconciliation.kept import KeptReport, Offered, decode_offered, decode_told, indexed, whole
from domain.reconciliation.others import DECIDED, POSSIBLE, Claim, Held, Other, Told, held
from domain.reconciliation.payouts import Offering
from domain.reconciliation.refusals import ReconciliationNotFound
from domain.reconciliation.report import Asked, Made, Pair, report
from domain.reconciliation.rules import Rules, rules_from
from domain.reconciliation.state import FILE, RECONCILIATION, SUBJECT, Reconciliation
from domain.refusals import FileErased
from domain.settlement import lines
from domain.settlement.reading import is_statement, read
from domain.topics import kind_of

# What can be had back of a reconciliation.
KEPT: Final = ("file", "rules", "report")
# How often is said how many lines were read.
_SAY_LINES: Final = 5_000
# What can be decided on a claim to a payment.
_OF_CLAIMS: Final = ("confirmed", "broken")


class Journal(Protocol):
    """What the views know of payments, and of the reconciliations before."""

    def position(self) -> int:
        """How far in the log it is, all that is recorded included."""

    def entries(self, provider: str, position: int) -> Iterable[matching.Entry]:
        """A provider's movements up to a position, in the order of their positions; none of a payment that is void."""

    def has_news(self, provider: str, position: int, *, after: int) -> bool:
        """Whether a provider has a movement behind one position up to another."""

    def reconciliations(self) -> Sequence[Reconciliation]:
        """The reconciliations of all providers, in the order in which they were started."""


class Contents(NamedTuple):
    """What a file says."""

    lines: list[lines.Line]
    balances: list[lines.Balance]
    is_statement: bool


class Says(NamedTuple):
    """What a reconciliation says to those of its provider's other files, and what it offers to all."""

    told: Told
    offered: Offered


def read_again(ledger: OrderLedger, state: Reconciliation) -> tuple[Rules, Contents]:
    """The rules and the file, as they were kept. Raises FileErased, OperationalError where one is not what was kept."""
    rules = rules_from(b"".join(ledger.log_of_events.kept_file(state.rules_sha256)).decode())
    with TemporaryFile() as file:
        for piece in ledger.files.pieces(state.file_sha256, state.file_sealed_sha256):
            file.write(piece)
        return rules, read_file(file, state.file, state.provider, rules)


def reconciliation(ledger: OrderLedger, uuid: UUID, on: Reading | None = None) -> Reconciliation:
    """A reconciliation as its events make it; `on` a transaction, with what that has written.

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
    """The report as it is kept. Raises FileErased."""
    _must_be_there(state)
    return _kept(ledger, state.report_sha256, state.report_sealed_sha256, state.index_sha256)


def _kept(ledger: OrderLedger, report_sha256: str, sealed_sha256: str, index_sha256: str) -> KeptReport:
    pieces = partial(ledger.files.pieces, report_sha256, sealed_sha256)
    if index_sha256:
        return KeptReport(pieces, b"".join(ledger.log_of_events.kept_file(index_sha256)))
    return whole(pieces)


def whose(state: Reconciliation) -> Whose:
    """Whose personal data a reconciliation has: of nobody that the ledger knows, so they are its own."""
    return Whose(f"{SUBJECT}{state.uuid}", state.started_at.year)


def read_file(
    file: BinaryIO, name: str, provider: str, rules: Rules, say: Callable[[int], None] = lambda _: None
) -> Contents:
    """What a settlement file says. `say` is told how many lines were read. Raises SettlementRefused."""
    found: list[lines.Line] = []
    balances: list[lines.Balance] = []
    for line in read(file, name, provider, rules.mapping(provider), balances.append, kinds=rules.kinds(provider)):
        found.append(line)
        if len(found) % _SAY_LINES == 0:
            say(len(found))
    return Contents(found, balances, is_statement(file))


class Reconciled:
    """The reconciliations of a ledger; the journal is what the views know."""

    def __init__(self, ledger: OrderLedger, journal: Journal) -> None:
        self._ledger = ledger
        self._log = ledger.log_of_events
        self._journal = journal

    def get(self, uuid: UUID, on: Reading | None = None) -> Reconciliation:
        """Raises ReconciliationNotFound, IncompleteHistory."""
        return reconciliation(self._ledger, uuid, on)

    def since(self, state: Reconciliation, on: Reading) -> Reconciliation:
        """The state with what was recorded after it. So little is read while others wait to write."""
        for stored in on.select_events(state.uuid, gt=state.version):
            state = step(RECONCILIATION, state, self._ledger.mapper.to_domain_event(stored))
        return state

    def report(self, state: Reconciliation) -> KeptReport:
        """The report as it is kept. Raises FileErased."""
        return kept_report(self._ledger, state)

    def report_before(self, state: Reconciliation) -> KeptReport | None:
        """The report before the last run. Raises FileErased."""
        if state.report_before_sha256 is None:
            return None
        _must_be_there(state)
        sealed_sha256, index_sha256 = state.report_before_sealed_sha256, state.index_before_sha256 or ""
        return _kept(self._ledger, state.report_before_sha256, sealed_sha256, index_sha256)

    def pieces(self, state: Reconciliation, what: str) -> Iterator[bytes]:
        """What is kept of it byte for byte, one of KEPT. Raises FileErased, and OperationalError, at its end, where it
        is not that."""
        if what == "rules":
            return self._log.kept_file(state.rules_sha256)
        _must_be_there(state)
        return self._ledger.files.pieces(getattr(state, f"{what}_sha256"), getattr(state, f"{what}_sealed_sha256"))

    def made_again(self, state: Reconciliation) -> Made:
        """The report, from file, rules, journal and the other files as they were then: the same as the kept one."""
        recorded = self._log.position_of(state.uuid, state.run_version)
        others = [self._as_of(other, recorded) for other in self._journal.reconciliations()]
        then = self._as_of(state, recorded)
        assert then is not None
        return self._made(then, state.position, state.as_of, filter(None, others), then.by_hand)

    def _as_of(self, later: Reconciliation, position: int) -> Reconciliation | None:
        """A reconciliation as it stood at a position of the log."""
        stored = [one for one in self._log.select_events(later.uuid) if one.id <= position]
        return fold(RECONCILIATION, None, map(self._ledger.mapper.to_domain_event, stored))

    def _made(
        self,
        state: Reconciliation,
        position: int,
        now: datetime,
        others: Iterable[Reconciliation],
        by_hand: Sequence[Pair],
    ) -> Made:
        rules, settled = read_again(self._ledger, state)
        asked = Asked(
            state.provider,
            state.file_sha256,
            state.rules_sha256,
            position,
            now,
            timezone=state.timezone,
            held=frozenset(decided_on(state, "confirmed")).union(*(positions for _, positions in by_hand)),
            by_hand=tuple(by_hand),
        )
        return self._report_of(asked, rules, settled, others)

    def _report_of(self, asked: Asked, rules: Rules, settled: Contents, others: Iterable[Reconciliation]) -> Made:
        states = [state for state in others if not state.is_withdrawn]
        asked = replace(asked, is_bank=settled.is_statement or rules.is_bank(asked.provider))
        entries = self._journal.entries(asked.provider, asked.position)
        others_of_it = self._others(asked, states)
        elsewhere = map(self._offering, states)
        return report(asked, settled.lines, settled.balances, entries, rules, others=others_of_it, elsewhere=elsewhere)

    # --- the provider's other files ---

    def _others(self, of: Asked | Reconciliation, states: Iterable[Reconciliation]) -> Iterator[Other]:
        """What the reconciliations of the provider's other files say; what is withdrawn says nothing."""
        for state in states:
            if state.provider == of.provider and state.file_sha256 != of.file_sha256 and not state.is_withdrawn:
                said = self._said(state)
                yield Other(
                    str(state.uuid),
                    state.file,
                    state.file_sha256,
                    said.covers,
                    said.claims,
                    said.waiting,
                    state.is_closed,
                )

    def _offered(self, state: Reconciliation) -> Offered:
        """What a reconciliation offers to the files of other providers; what is withdrawn offers nothing."""
        if state.is_withdrawn or not state.index_sha256:
            return Offered([])
        return decode_offered(b"".join(self._log.kept_file(state.index_sha256)))

    def _offering(self, state: Reconciliation) -> Offering:
        told = self._offered(state)
        return Offering(state.provider, str(state.uuid), state.file, state.file_sha256, told.covers, told.offers)

    def _said(self, state: Reconciliation) -> Told:
        """What a reconciliation says to others; what is withdrawn says nothing."""
        if state.is_withdrawn:
            return Told([], [], [])
        told = decode_told(index := self._index(state))
        ids = KeptReport(lambda: iter(()), index).ids
        return Told(told.covers, _as_decided(told.claims, state, ids), told.waiting)

    def _index(self, state: Reconciliation) -> bytes:
        """The index of its report, made for one of before there were any. Raises FileErased."""
        if state.index_sha256:
            return b"".join(self._log.kept_file(state.index_sha256))
        return indexed(b"".join(self.pieces(state, "report")))[1]

    def _says(self, state: Reconciliation) -> Says:
        return Says(self._said(state), self._offered(state))

    def _held_elsewhere(self, state: Reconciliation) -> dict[int, Held]:
        return held(self._others(state, self._journal.reconciliations()))

    def _open_elsewhere(self, state: Reconciliation, held: Collection[int]) -> Callable[[int], matching.Entry | None]:
        """Finds a payment of the journal that no other file, which `held` are, and no line of this one has settled."""
        taken = {*held}
        taken |= {claim.position for claim in self._said(state).claims if claim.strength > POSSIBLE}
        entries = self._journal.entries(state.provider, self._journal.position())
        known = {entry.position: entry for entry in entries if entry.position not in taken}
        return known.get


def _must_be_there(state: Reconciliation) -> None:
    """Raises FileErased."""
    if FILE in state.erased:
        raise FileErased


def decided_on(state: Reconciliation, kind: str) -> set[int]:
    """The payments on whose results people decided so."""
    return {position for decision in state.decisions.values() if decision.kind == kind for position in decision.entries}


def _as_decided(claims: Iterable[Claim], state: Reconciliation, ids: Callable[[], set[str]]) -> list[Claim]:
    """The claims with what people decided about them: what they confirmed, and what is closed, holds before others.
    `ids` tells the ids of the report's results.

    What they decided on results that the report has no more says nothing: of a match that was broken the payment may
    have been given to another line since.
    """
    of_claims = {id_: decision for id_, decision in state.decisions.items() if decision.kind in _OF_CLAIMS}
    there = ids() if of_claims else set()
    confirmed, broken = (
        {at for id_, one in of_claims.items() if one.kind == kind and id_ in there for at in one.entries}
        for kind in _OF_CLAIMS
    )
    found = []
    for claim in claims:
        holds = claim.position in confirmed or (state.is_closed and claim.strength > POSSIBLE)
        if claim.position not in broken:
            found.append(replace(claim, strength=DECIDED) if holds else claim)
    return found
