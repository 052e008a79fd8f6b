"""How is the history of an order, or of a reconciliation, proven offline? As a zip of its records, their proofs and a
signed head of the log.

The zip also proves that the log goes on from heads signed earlier. Every proof is checked, as its reader will check it,
before the zip leaves.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.records import RawRecord, uuid_of
from domain.privacy.sealing import Place
from domain.proof import merkle
from domain.proof.checkpoint import Checkpoint, parse
from domain.proof.handover import Signers
from domain.proof.pack import Continuation, Proven, ShownPart, StoredRecord, pack, pack_of_reconciliation
from domain.reconciled import Reconciled
from domain.reconciliation.state import FILE
from domain.refusals import OrderNotFound
from domain.topics import TOPICS
from projections import tree
from projections.history import HistoryReader, as_of
from projections.orders.documents import staff_document
from projections.proof.signing import Checkpoints, LogAltered
from projections.views.views import Views

CONTINUATIONS_MAX: Final = 100
_KEPT_NAMES: Final = {"file": "settlement", "rules": "rules.toml", "report": "report.json"}


class NoEarlierHead(Exception):
    """The log's signed head is smaller than the head that the evidence should go on from."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the log's signed head has {counted(size, 'record')}")
        self.size = size


class Evidence(NamedTuple):
    """The zip, the order's integer id (0 for a reconciliation), and the size of the signed head that the proofs lead
    to."""

    content: bytes
    order_id: int
    size: int


def evidence(
    ledger: OrderLedger,
    views: Views,
    reading: HistoryReader,
    checkpoints: Checkpoints,
    uuid: UUID,
    *,
    since: int | None,
) -> Evidence:
    """The evidence of an order, with the parts of personal data that `reading` opens. It goes on from the head of the
    size `since`, or from the latest kept heads where `since` is None.

    Raises OrderNotFound, NoEarlierHead, NoSigningKey, LogAltered, and the errors of `Reading.entries`.
    """
    entries = reading.entries(uuid)
    note = checkpoints.for_reader()
    head = parse(note)
    entries = [entry for entry in entries if entry.raw.position <= head.size]
    found = as_of(entries)
    if found is None:
        raise OrderNotFound
    content = pack(
        **_proven(ledger, views, [entry.raw for entry in entries], checkpoints.signers(), note, since=since),
        document=staff_document(found[0]),
        personal=[
            ShownPart(entry.raw.version, part, *shown)
            for entry in entries
            for part, shown in reading.opened_parts(entry).items()
            if shown is not None
        ],
    )
    return Evidence(content, found[0].id, head.size)


def evidence_of_reconciliation(
    ledger: OrderLedger,
    views: Views,
    reconciling: Reconciled,
    checkpoints: Checkpoints,
    uuid: UUID,
    *,
    since: int | None,
) -> Evidence:
    """The evidence of a reconciliation, with its kept files. It goes on from earlier heads as an order's does.

    Raises ReconciliationNotFound, and the errors of `evidence`.
    """
    state = reconciling.get(uuid)
    note = checkpoints.for_reader()
    head = parse(note)
    raws = list(ledger.log_of_events.raw_records_of(str(uuid), lte=state.version))
    names = {"rules": "rules.toml"} if FILE in state.erased else _KEPT_NAMES
    content = pack_of_reconciliation(
        **_proven(ledger, views, raws, checkpoints.signers(), note, since=since),
        kept={name: b"".join(reconciling.pieces(state, what)) for what, name in names.items()},
        personal=list(_reasons(ledger, raws)),
    )
    return Evidence(content, 0, head.size)


def _reasons(ledger: OrderLedger, raws: Sequence[RawRecord]) -> Iterator[ShownPart]:
    """The reasons that people gave in a reconciliation, shown to every reader of the evidence: the settlement file in
    it names as many people."""
    for raw in raws:
        if TOPICS[raw.topic].is_sealed and ledger.mapper.sealing is not None:
            place = Place(uuid_of(raw.originator_id), raw.version, raw.topic)
            for part, shown in ledger.mapper.sealing.opened_parts(raw.payload, place).items():
                if shown is not None:
                    yield ShownPart(raw.version, part, *shown)


def _proven(
    ledger: OrderLedger, views: Views, raws: Sequence[RawRecord], signers: Signers, note: bytes, *, since: int | None
) -> Proven:
    """The records with their proofs. Raises NoEarlierHead, LogAltered."""
    head, key = parse(note), signers.signer(note)
    if since is not None and since > head.size:
        raise NoEarlierHead(head.size)
    node = tree.node(views.reader)
    earlier = _kept(ledger) if since is None else {since: merkle.root(since, node)}
    handovers = [handed.note for handed in signers.leading_to(key)]
    earlier |= {handed.size: handed.root for handed in map(parse, handovers)}
    return Proven(
        records=[_stored(raw) for raw in raws],
        inclusion=[_inclusion(raw, head, node) for raw in raws],
        continuations=[_continuation(size, root, head, node) for size, root in earlier.items() if 0 < size < head.size],
        checkpoint=note,
        key=key,
        handovers=handovers,
    )


def _kept(ledger: OrderLedger) -> dict[int, bytes]:
    """The roots of the latest kept heads, by size."""
    heads = map(parse, ledger.log_of_events.checkpoints(CONTINUATIONS_MAX))
    return {head.size: head.root for head in heads}


def _stored(raw: RawRecord) -> StoredRecord:
    """A record with its bytes decoded to text."""
    *columns, digest = raw
    return StoredRecord._make([*(of.decode() if isinstance(of, bytes) else of for of in columns), digest])


def _inclusion(raw: RawRecord, head: Checkpoint, node: merkle.Get) -> list[bytes]:
    """The proof that the signed tree has the record. Raises LogAltered where it does not lead to the signed root."""
    proof = merkle.inclusion_proof(raw.position - 1, head.size, node)
    if not merkle.verify_inclusion(raw.digest, raw.position - 1, head.size, proof, head.root):
        raise LogAltered(f"The record at position {raw.position} is not in the tree that was signed.")
    return proof


def _continuation(size: int, root: bytes, head: Checkpoint, node: merkle.Get) -> Continuation:
    """The proof that the signed tree goes on from an earlier one. Raises LogAltered where it does not."""
    proof = merkle.consistency_proof(size, head.size, node)
    if not merkle.verify_consistency(size, head.size, root, head.root, proof):
        raise LogAltered(f"What was signed of the first {counted(size, 'record')} is not what the log has now.")
    return Continuation(size, proof)
