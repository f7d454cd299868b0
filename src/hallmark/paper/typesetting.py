"""From plain data and a template to PDF/A-3u. The same data at the same instant give the same bytes.

Data reach a template as JSON, never as source, so no name can inject markup. A character without a glyph is refused,
not printed as a box. Only the fonts in `fonts/` are used.
"""

from __future__ import annotations

import json
import shutil
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from hallmark.kernel.errors import Malformed, Unavailable
from hallmark.kernel.text import Text, quoted
from hallmark.verify.attachment import MAX_CONTENT

FOLDER = Path(__file__).resolve().parent
FONTS = tuple(sorted((FOLDER / "fonts").glob("*.[ot]tf")))
_LINE_FEED = 10
_MOST_NAMED = 20


class GlyphMissing(Malformed):
    """The text has a character that no font of ours can print."""

    en = "The text cannot be printed: no font here has {characters}. Write it with other characters."
    zh = "无法排印该文字：现有字体中没有 {characters}。请改用其他字符。"


class NotTypeset(Malformed):
    """The template refuses the data."""

    en = "The page cannot be set: {why}. Correct the data."
    zh = "无法排版：{why}。请更正数据。"


class PaperMissing(Unavailable):
    """The typesetter is not installed."""

    en = "PDF files cannot be made here: the package {package} is not installed. Install hallmark[paper]."
    zh = "此处无法生成 PDF：未安装软件包 {package}。请安装 hallmark[paper]。"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF, the data that its pages show; `name` is ASCII."""

    name: str
    content: bytes
    media_type: str
    description: Text


def typeset(template: str, data: Mapping[str, Any], at: int, attachment: Attachment | None = None) -> bytes:
    """Return the PDF that `template` makes of JSON-able `data`, dated `at`, in ms since 1970 UTC.

    Raises `GlyphMissing`, `NotTypeset`, `PaperMissing`. Values under keys that end in `svg` are drawings, not text.
    """
    check_glyphs(data)
    try:
        import typst  # noqa: PLC0415 - only in the extra `paper`
    except ImportError:
        raise PaperMissing(package="typst") from None
    inputs = {"data": json.dumps(data), "attachment": json.dumps(_describe(attachment))}
    with tempfile.TemporaryDirectory() as folder:  # a template reads nothing but the others and the file to attach
        desk = Path(folder)
        for each in FOLDER.glob("*.typ"):
            shutil.copyfile(each, desk / each.name)
        if attachment:
            (desk / attachment.name).write_bytes(attachment.content)
        compiler = typst.Compiler(desk / template, root=desk, font_paths=_fonts(), sys_inputs=inputs)
        try:
            return cast("bytes", compiler.compile(format="pdf", pdf_standards=["a-3u"], timestamp=at // 1000))
        except typst.TypstError as error:
            raise NotTypeset(why=quoted(error.message)) from None


def spell(value: Any) -> Any:
    """Return JSON-able `value` with its characters that have no glyph spelled as `\\u{1F600}`."""
    match value:
        case str():
            return "".join(each if _is_printed(each) else f"\\u{{{ord(each):X}}}" for each in value)
        case dict():
            return {spell(key): spell(item) for key, item in value.items()}
        case list():
            return [spell(item) for item in value]
    return value


def _is_printed(character: str) -> bool:
    return ord(character) in _glyphs() or ord(character) == _LINE_FEED


def check_glyphs(value: object) -> None:
    """Raise `GlyphMissing` unless every character of every text in `value` has a glyph."""
    missing = {point for text in _texts(value) for point in map(ord, text)} - _glyphs() - {_LINE_FEED}
    if missing:
        named = [_name(point) for point in sorted(missing)]
        more = ["…"] if len(named) > _MOST_NAMED else []
        raise GlyphMissing(characters=", ".join(named[:_MOST_NAMED] + more))


def _name(point: int) -> str:
    return f"U+{point:04X}" + (f" {chr(point)}" if chr(point).isprintable() else "")


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, item in value.items():
                if not str(key).endswith("svg"):
                    yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _describe(attachment: Attachment | None) -> dict[str, str] | None:
    if attachment is None:
        return None
    if len(attachment.content) > MAX_CONTENT:
        raise NotTypeset(why=Text(f"附件超过 {MAX_CONTENT} 字节", f"the file inside is over {MAX_CONTENT} bytes"))
    return {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "description": f"{attachment.description.zh} {attachment.description.en}",
    }


@cache
def _fonts() -> Any:
    import typst  # noqa: PLC0415 - only in the extra `paper`

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FOLDER / "fonts"])


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(point for font in FONTS for point in characters(font.read_bytes()))


def characters(font: bytes) -> set[int]:
    """Return the code points that a font of ours maps; its one `cmap` table has format 12."""
    (tables,) = struct.unpack_from(">H", font, 4)
    directory = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * tables, 16)}
    (offset,) = struct.unpack_from(">I", font, directory[b"cmap"] + 8)
    start = directory[b"cmap"] + offset
    (groups,) = struct.unpack_from(">I", font, start + 12)
    spans = (struct.unpack_from(">II", font, start + 16 + 12 * group) for group in range(groups))
    return {point for first, last in spans for point in range(first, last + 1)}
