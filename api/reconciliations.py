"""For finance: settlement files, their reconciliations, and people's decisions about the results."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from falcon.asgi import Request, Response
from msgspec import Meta

from api import access
from api.answers import CSV, CSV_UTF_8, XLSX, ZIP, json_answer, preferred_type, set_download, set_position
from api.bodies import BODY_BYTES_MAX, BrokenOff, read_command, table_text
from api.commanding import Commanding
from api.conditions import expected_versions, provenance
from api.decisions import decisions_in
from api.errors import RETRY_AFTER_SECONDS, Problem, collect, invalid_parameter, problem_of
from api.forms import FORM_TYPE, FormContent, parse_form
from api.parameters import FIELDS, Parameters
from api.positions import position_in, position_token
from api.receiving import Receiving, media_type
from api.settings import Settings
from api.taking_in import Upload, UploadedContent, take_in_with_progress
from api.under_way import BEAT_SECONDS, Progress, Refused, under_way
from api.uploads import RESULTS_MAX, ReconciliationAnswer, Window, answer_of, is_packed, take_in, take_in_apart
from api.workbooks import workbook
from domain.reconciliation.deciding import Wanted
from domain.reconciliation.refusals import ReconciliationNotFound
from domain.reconciliation.report import OUTCOMES
from domain.reconciliation.state import STATUSES, Reconciliation
from domain.reconciling import IncomingFile, Outcome, Reconciling, WriteConditions
from projections import csv_text
from projections.exports.workbook import write_workbook
from projections.journal import Journal
from projections.processes import ProcessEnded, in_own_process
from projections.proof.evidence import evidence_of_reconciliation
from projections.proof.signing import Checkpoints
from projections.reconciliations import shown, table
from projections.views.views import Views

READ: Final = "finance:read"
WRITE: Final = "finance:write"
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
APART_BYTES_MIN: Final = 1024 * 1024
_LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
PROVIDER_LENGTH_MAX: Final = 100
FILE_NAME_LENGTH_MAX: Final = 200
DECISIONS_MAX: Final = 1_000
TYPES: Final = (CSV, "application/xml", "text/xml", XLSX, "application/octet-stream", FORM_TYPE)
_Id = Annotated[str, Meta(min_length=1, max_length=40)]
_Ids = Annotated[list[_Id], Meta(min_length=1, max_length=1_000)]
_Numbers = Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=1_000)]
_Reason = Annotated[str, Meta(min_length=1, max_length=1_000)]
# How many results are read at a time for a download of all of them.
_PART_RESULTS: Final = 5_000
_encode = msgspec.json.encode
T = TypeVar("T")


class Results(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    results: _Ids


class Explain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    results: _Ids
    reason: _Reason


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A match by hand. `lines` are rows of the file, `entries` positions of payments in the log."""

    lines: _Numbers
    entries: _Numbers
    reason: _Reason | None = None


class Several(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decisions: Annotated[list[Wanted], Meta(min_length=1, max_length=DECISIONS_MAX)]


class Withdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: _Reason


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ReconciliationActions:
    """The work that the resources of reconciliations share. Reports are long, so they are read in threads."""

    def __init__(self, commanding: Commanding, views: Views, settings: Settings) -> None:
        self.asking = commanding.asking
        self._settings = settings
        self.reconciling = Reconciling(
            commanding.ledger, Journal(views), settings.kept_bytes_max, settings.timezone.key
        )
        self.ledger = commanding.ledger
        self._commanding = commanding
        self._under_way = under_way(settings)
        self._under_way.sweep()
        # Tasks without a request that waits for them; the event loop itself keeps no reference to a task.
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(
        self, resp: Response, find: Callable[[], Outcome], window: Window | None, *, reading: bool = False
    ) -> None:
        """Answers with the reconciliation that `find` finds or changes, and a window of its results; without a window
        with the results of the decision."""
        in_thread = self.asking.in_thread if reading else self.asking.write_in_thread
        found = await in_thread(lambda: answer_of(self.ledger, self.reconciling, find(), window))
        self.give(resp, found, reading=reading)

    async def take_in(self, req: Request, resp: Response, upload: Upload) -> ReconciliationAnswer:
        """Takes a file in and answers with its reconciliation. A packed file, which may be large once unpacked, is
        taken in by a process of its own: that can be ended, and holds up no other request."""
        window = Window(_outcomes(Parameters(req.params)))
        if is_packed(upload):
            found = await self.asking.write_in_thread(
                lambda: _bounded(take_in_apart, self.ledger.location, self._settings, upload, window), None
            )
        else:
            found = await self.asking.write_in_thread(
                lambda: take_in(self.ledger, self.reconciling, upload, window), None
            )
        self.give(resp, found)
        return found

    async def begin(self, req: Request, resp: Response, upload: Upload, held: ExitStack) -> None:
        """Has a process of its own take a large file in, and answers with its progress; with the reconciliation where
        the file was taken in before. `held`, the temporary files, is closed when the process has ended."""
        with held:
            coming = await self.asking.write_in_thread(lambda: self._coming(upload), None)
            resp.location = f"{req.path}/{coming.uuid}"
            if (known := coming.known) is not None:
                await self.answer(resp, lambda: known, Window(_outcomes(Parameters(req.params))))
                return
            progress = self._under_way.get(coming.uuid)
            if progress is None or progress.refused is not None:
                progress = Progress(coming.uuid, upload.provider, upload.name)
                self._under_way.sweep()
                self._under_way.write(progress)
                finish = self._finish(upload, coming, progress, held.pop_all(), req.context.request_id)
                task = asyncio.create_task(finish)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._tell(resp, progress)

    def _coming(self, upload: Upload) -> IncomingFile:
        with upload.content.opened() as file:
            return self.reconciling.identify(file, upload.name, upload.provider, upload.rules)

    async def _finish(
        self, upload: Upload, coming: IncomingFile, progress: Progress, held: ExitStack, request_id: str
    ) -> None:
        with held:
            try:
                work = asyncio.ensure_future(
                    self.asking.write_in_thread(
                        lambda: _bounded(take_in_with_progress, self.ledger.location, self._settings, upload, coming),
                        None,
                    )
                )
                while not (await asyncio.wait([work], timeout=BEAT_SECONDS))[0]:
                    self._under_way.beat(progress.id)
                await work
            except Exception as error:
                problem = problem_of(error, request_id)
                refused = Refused(problem.status, msgspec.Raw(problem.body))
                self._under_way.write(msgspec.structs.replace(progress, refused=refused))
            else:
                self._under_way.forget(progress.id)

    async def is_under_way(self, resp: Response, reference: str) -> bool:
        """Answers with an upload's progress, or with its refusal; returns False where there is neither."""
        progress = self._under_way.get(uuid_of(reference))
        if progress is None:
            return False
        if progress.refused is None:
            await self._tell(resp, progress)
            return True
        log = self.ledger.log_of_events
        if await self.asking.in_thread(lambda: log.position_of(progress.id, 1)):
            return False
        resp.status = progress.refused.status
        resp.content_type = "application/problem+json"
        resp.data = bytes(progress.refused.body)
        return True

    async def _tell(self, resp: Response, progress: Progress) -> None:
        head = {"id": progress.id, "status": "running", "provider": progress.provider, "file": progress.file}
        body = _encode({**head, "stage": progress.stage, "lines": progress.lines})
        json_answer(resp, body, await self.asking.ask_log(self.ledger.head))
        resp.status = 202
        resp.set_header("Retry-After", RETRY_AFTER_SECONDS)

    def give(self, resp: Response, found: ReconciliationAnswer, *, reading: bool = False) -> None:
        json_answer(resp, found.body, found.position)
        if not reading:
            self._commanding.set_write_headers(resp, found.position, fed_to=found.fed_to)
        resp.set_header("ETag", f'"{found.version}"')

    def heads(self, found: Iterable[Reconciliation]) -> list[dict[str, Any]]:
        """Reconciliations of the views, as the list shows them."""
        return [shown.summary(shown.with_its_reason(self.ledger, of)) for of in found]

    def shown(self, reference: str) -> tuple[shown.ShownReconciliation, int]:
        """A reconciliation with its results, and its position. Raises ReconciliationNotFound."""
        found = self.one(reference)
        return shown.show(self.ledger, self.reconciling, found.reconciliation), found.position

    async def query_values(self, req: Request, resp: Response, known: Set[str], *parts: Callable[[], Any]) -> list[Any]:
        """The values of a query string, as `Asking.query_values` reads it; the log is read next. A 404 has the position
        of the log before that, any other answer its own."""
        found = await self.asking.query_values(Parameters(req.params), known, *parts)
        set_position(resp, await self.asking.ask_log(self.ledger.head))
        return found

    def one(self, reference: str) -> Outcome:
        """A reconciliation and its position. Raises ReconciliationNotFound."""
        state = self.reconciling.get(uuid_of(reference))
        return Outcome(state, self.ledger.log_of_events.position_of(state.uuid, state.version))


def _bounded(work: Callable[..., T], *arguments: object) -> T:
    """The result of work in a process of its own. Raises a 422 where the work needs too much time or memory."""
    try:
        return in_own_process(work, *arguments)
    except ProcessEnded as error:
        raise Problem(422, "settlement-too-costly", f"The file was not taken in: {error}.") from None


def uuid_of(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise ReconciliationNotFound from None


def _outcomes(parameters: Parameters) -> frozenset[str] | None:
    names = parameters.listed("outcome")
    if not set(names) <= set(OUTCOMES):
        raise invalid_parameter("outcome", f"must be of {', '.join(OUTCOMES)}, comma separated")
    return frozenset(names) or None


class Reconciliations:
    """The list, in the order of the log; and the upload of settlement files.

    A file is the request's body, or a part of a form beside its rules.
    """

    def __init__(self, actions: ReconciliationActions, uploads_max: int) -> None:
        self._actions = actions
        self._receiving = Receiving(actions.asking, uploads_max)

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, READ)
        parameters = Parameters(req.params)
        status, after, limit = await self._actions.asking.query_values(
            parameters,
            {"provider", "status", "after", "limit", FIELDS},
            lambda: parameters.choice("status", STATUSES),
            lambda: position_in(parameters, "after") or 0,
            lambda: parameters.limit(_LIMIT_DEFAULT, LIMIT_MAX),
        )
        page = await self._actions.asking(
            lambda connection: table.page(
                connection, provider=parameters.text("provider"), status=status, after=after, limit=limit
            )
        )
        heads = await self._actions.asking.in_thread(lambda: self._actions.heads(of for _, of in page.found))
        body = {"reconciliations": heads, "next": None if page.is_last else position_token(page.found[-1][0])}
        json_answer(resp, _encode(body), page.position)

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        access.require_scope(req, WRITE)
        parameters = Parameters(req.params)
        collect(
            lambda: parameters.refuse_others_than({"provider", "file", "rules", "outcome"}),
            lambda: _outcomes(parameters),
        )
        who = provenance(req)
        with ExitStack() as held:
            held.enter_context(self._receiving.place())
            body, content = (held.enter_context(TemporaryFile()) for _ in range(2))
            size = await self._receive(req, body)
            sent, file = FormContent(None, size, {}), body
            if media_type(req) == FORM_TYPE:
                apart = partial(parse_form, body, req.content_type or "", size, content)
                sent, file = await self._actions.asking.write_in_thread(apart, None), content
            file.flush()
            provider = _named("provider", _once(parameters, "provider", sent.texts), PROVIDER_LENGTH_MAX)
            if provider is None:
                raise invalid_parameter("provider", "must say whose settlement this is, like stripe")
            name = _named("file", parameters.text("file") or sent.file_name, FILE_NAME_LENGTH_MAX) or "settlement"
            upload = Upload(UploadedContent(file.fileno()), name, provider, _once(parameters, "rules", sent.texts), who)
            if sent.size > APART_BYTES_MIN:
                await self._actions.begin(req, resp, upload, held.pop_all())
                return
            found = await self._actions.take_in(req, resp, upload)
        resp.status = 201 if found.is_new else 200
        resp.location = f"{req.path}/{found.uuid}"

    async def _receive(self, req: Request, file: IO[bytes]) -> int:
        """Writes the body into a file; returns its size in bytes. Raises a 413, a 415 or a 400."""
        if media_type(req) not in TYPES:
            raise Problem(415, "unsupported-media-type", f"Send the file itself, as one of {', '.join(TYPES)}.")
        bytes_max = BODY_BYTES_MAX if req.content_length is None else FILE_BYTES_MAX
        if not await self._receiving.receive(req, file, bytes_max, _too_large()):
            raise BrokenOff
        return file.tell()


def _too_large() -> Problem:
    megabytes = FILE_BYTES_MAX // 1024**2
    return Problem(413, "body-too-large", f"A settlement file has at most {megabytes} MiB; in chunks, 1 MiB.")


def _once(parameters: Parameters, name: str, parts: dict[str, str]) -> str | None:
    """The value of a parameter or of the form's part of that name. Raises a 400 where both are given."""
    given = parameters.text(name)
    if given is not None and name in parts:
        raise invalid_parameter(name, "stands in the form, too; say it once")
    return parts.get(name, given)


def _named(parameter: str, value: str | None, length_max: int) -> str | None:
    if value is not None and (len(value) > length_max or not value.isprintable()):
        raise invalid_parameter(parameter, f"must be at most {length_max} printable characters")
    return value or None


class OneReconciliation:
    def __init__(self, actions: ReconciliationActions) -> None:
        self._actions = actions

    async def on_get(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.require_scope(req, READ)
        parameters = Parameters(req.params)
        outcomes, after, limit, marked = await self._actions.query_values(
            req,
            resp,
            {"outcome", "after", "limit", "bom", FIELDS},
            lambda: _outcomes(parameters),
            lambda: parameters.integer("after") or 0,
            lambda: parameters.limit(RESULTS_MAX, RESULTS_MAX),
            lambda: bool(parameters.boolean("bom")),
        )
        form = preferred_type(req, resp)
        if form in (CSV, XLSX):
            await self._download(resp, reconciliation, form, marked=marked)
            return
        window = Window(outcomes, after, limit)
        if await self._actions.is_under_way(resp, reconciliation):
            return
        await self._actions.answer(resp, lambda: self._actions.one(reconciliation), window, reading=True)

    on_head = on_get

    async def _download(self, resp: Response, reconciliation: str, form: str, *, marked: bool) -> None:
        """All results as a table, or in a workbook with a sheet for each question."""
        one, position = await self._actions.asking.in_thread(lambda: self._actions.shown(reconciliation))
        if form == XLSX:
            name = f"reconciliation-{one.state.uuid}.xlsx"
            await workbook(resp, self._actions.asking, name, position, lambda path: write_workbook(one, path))
            return
        resp.stream = await self._actions.asking.stream(_csv(one, marked=marked))
        set_download(resp, f"reconciliation-{one.state.uuid}.csv", CSV_UTF_8, position)


def _csv(one: shown.ShownReconciliation, *, marked: bool) -> Iterator[bytes]:
    yield csv_text.header(shown.TABLE_COLUMNS, marked=marked)
    for first in range(0, len(one.kept), _PART_RESULTS):
        rows = shown.table(one, one.kept.results(first, first + _PART_RESULTS))
        yield csv_text.lines([[shown.plain_cell(value, long=not marked) for value in row] for row in rows])


# The media types of the kept files.
KEPT_TYPES: Final = {"file": "application/octet-stream", "rules": "application/toml", "report": "application/json"}


class Kept:
    """The file, the rules or the report of a reconciliation, byte for byte. The log has their SHA-256s."""

    def __init__(self, actions: ReconciliationActions, what: str) -> None:
        self._actions = actions
        self._what = what

    async def on_get(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.require_scope(req, READ)
        await self._actions.query_values(req, resp, frozenset())
        state, position, *_ = await self._actions.asking.in_thread(lambda: self._actions.one(reconciliation))
        media_type = KEPT_TYPES[self._what]
        if self._what == "report":
            resp.content_type = media_type
            resp.set_header("Cache-Control", "private, no-cache")
            set_position(resp, position)
        else:
            set_download(resp, state.file if self._what == "file" else "rules.toml", media_type, position)
        resp.stream = await self._actions.asking.stream(self._actions.reconciling.pieces(state, self._what))

    on_head = on_get


class Evidence:
    """A reconciliation's history with its proofs, as a zip that is checked offline."""

    def __init__(self, actions: ReconciliationActions, views: Views, checkpoints: Checkpoints) -> None:
        self._actions = actions
        self._views = views
        self._checkpoints = checkpoints

    async def on_get(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.require_scope(req, READ)
        parameters = Parameters(req.params)
        (since,) = await self._actions.query_values(req, resp, {"since"}, lambda: parameters.integer("since"))
        uuid = uuid_of(reconciliation)
        reconciling = self._actions.reconciling

        found = await self._actions.asking.in_thread(
            lambda: evidence_of_reconciliation(
                self._actions.ledger, self._views, reconciling, self._checkpoints, uuid, since=since
            )
        )
        resp.data = found.content
        set_download(resp, f"reconciliation-{uuid}.zip", ZIP, found.size)

    on_head = on_get


class Decisions:
    """A person's decision about results, recorded as a whole or not at all. The same decision again records nothing."""

    def __init__(self, actions: ReconciliationActions, decision: str) -> None:
        self._actions = actions
        self._decision = decision

    async def on_post(self, req: Request, resp: Response, reconciliation: str) -> None:
        access.admit(req, WRITE)
        uuid, decide = uuid_of(reconciliation), await self._decision_of(req)
        await self._actions.answer(resp, lambda: decide(uuid), Window() if self._decision == "run" else None)

    async def _decision_of(self, req: Request) -> Callable[[UUID], Outcome]:
        reconciling, given = self._actions.reconciling, WriteConditions(provenance(req), expected_versions(req))
        if self._decision == "withdraw":
            reason = (await read_command(req, Withdraw)).reason
            return lambda uuid: reconciling.withdraw(uuid, reason, given)
        if self._decision in ("close", "run"):
            await read_command(req, Nothing)
            run = reconciling.close if self._decision == "close" else reconciling.run_again
            return lambda uuid: run(uuid, given)
        wanted = await self._wanted(req)
        return lambda uuid: reconciling.decide(uuid, wanted, given)

    async def _wanted(self, req: Request) -> list[Wanted]:
        if self._decision == "decisions" and media_type(req) == CSV:
            text = await table_text(req)
            return await self._actions.asking.in_thread(lambda: decisions_in(text))
        given = await read_command(req, SHAPES[self._decision])
        if isinstance(given, Several):
            return given.decisions
        return [msgspec.convert({"decision": self._decision, **msgspec.structs.asdict(given)}, Wanted)]


# The decisions, and the body of each.
SHAPES: Final[dict[str, type[msgspec.Struct]]] = {
    "confirm": Results,
    "break": Explain,
    "explain": Explain,
    "match": Match,
    "undo": Results,
    "decisions": Several,
    "close": Nothing,
    "run": Nothing,
    "withdraw": Withdraw,
}
