"""A settlement file and its rules as the parts of one form: multipart/form-data, RFC 7578."""

from shutil import copyfileobj
from typing import IO, Any, Final, NamedTuple

from falcon.media.multipart import BodyPart, MultipartForm, MultipartParseError, MultipartParseOptions
from falcon.util.mediatypes import parse_header

from api.errors import Problem
from domain.reconciliation.rules import TEXT_CHARS_MAX
from domain.refusals import InvalidField

FORM_TYPE: Final = "multipart/form-data"
PARTS_MAX: Final = 3
_TEXT_PARTS: Final = ("rules", "provider")
# A character of UTF-8 has four bytes at most.
_TEXT_BYTES_MAX: Final = 4 * TEXT_CHARS_MAX
_BOUNDARY_CHARS_MAX: Final = 70  # RFC 2046, section 5.1.1


class FormContent(NamedTuple):
    """The content of a form: the file's name, if it has one, its size in bytes, and the texts of the other parts."""

    file_name: str | None
    size: int
    texts: dict[str, str]


def parse_form(form: IO[bytes], content_type: str, size: int, into: IO[bytes]) -> FormContent:
    """Copies the part `file` of a form into `into`. Raises a 400 for a form that is malformed or not whole, and
    InvalidField for parts at fault."""
    options = MultipartParseOptions()
    options.max_body_part_count = PARTS_MAX
    options.max_body_part_buffer_size = _TEXT_BYTES_MAX
    form.seek(0)
    stream: Any = form
    file_name, texts, seen = None, {}, set()
    try:
        for part in MultipartForm(stream, _boundary(content_type), size, options):
            name = part.name or ""
            if name in seen or name not in ("file", *_TEXT_PARTS):
                raise InvalidField(name, "a form has one part each, of file, rules and provider")
            seen.add(name)
            if name == "file":
                copyfileobj(part.stream, into)
                file_name = part.filename or None
            else:
                texts[name] = _text(name, part)
    except (MultipartParseError, UnicodeDecodeError) as error:
        why = error.description if isinstance(error, MultipartParseError) else "a name that is no text"
        raise Problem(400, "body-unreadable", f"The form cannot be read: {why}.") from None
    if "file" not in seen:
        raise InvalidField("file", "the form has no part of this name, which is the settlement file")
    into.flush()
    return FormContent(file_name, into.tell(), texts)


def _boundary(content_type: str) -> bytes:
    boundary = parse_header(content_type)[1].get("boundary", "")
    if not (boundary.isascii() and 0 < len(boundary) <= _BOUNDARY_CHARS_MAX):
        raise Problem(400, "body-unreadable", "The form cannot be read: its content type names no boundary.")
    return boundary.encode()


def _text(name: str, part: BodyPart) -> str:
    content = part.get_data()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidField(name, "this is not UTF-8") from None
