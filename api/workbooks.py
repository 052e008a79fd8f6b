"""Answers with a workbook, which a thread writes to a temporary file that is sent then."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from falcon.asgi import Response

from api.answers import XLSX, set_download
from api.asking import WORKBOOK_SECONDS_MAX, Asking
from api.errors import Problem
from projections.exports.workbook import TooManyRows

_PIECE_BYTES: Final = 64 * 1024


async def workbook(resp: Response, asking: Asking, name: str, position: int, write: Callable[[Path], None]) -> None:
    """Answers with the workbook that `write` makes. Raises a 422 for more rows than a spreadsheet takes."""
    with ExitStack() as held:
        path = Path(held.enter_context(TemporaryDirectory())) / "workbook.xlsx"
        try:
            await asking.in_thread(lambda: write(path), WORKBOOK_SECONDS_MAX)
        except TooManyRows as error:
            raise Problem(422, "too-many-rows", f"{error}.") from None
        pieces = _pieces(path, held.pop_all())
    resp.stream = await asking.stream(pieces)
    set_download(resp, name, XLSX, position)


def _pieces(path: Path, held: ExitStack) -> Iterator[bytes]:
    with held, path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
