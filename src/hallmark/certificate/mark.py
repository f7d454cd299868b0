"""A neutral mark with the scheme's letters, the certificate number and its code, as SVG.

It is a placeholder and says so. Nothing is known of the shape of an official mark, so none is imitated; an operator
that is licensed to use artwork loads its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.statement.certificate import CERTIFICATE
from hallmark.statement.shape import Words

NOTICE = Text("占位标志，并非官方标志", "placeholder, not an official mark")
_LETTERS = Words(8, r"[A-Z][A-Z0-9]*")
_QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)
_SIDE = 600
_INSET = 12  # what the frame takes on either side
_HEAD = 170
_FOOT = 70
_MOST_MODULES = 177


class BadModules(Malformed):
    """The rows are not the modules of a QR code."""

    en = "The rows given are not a QR code: they are not a square of 21 to 177 modules. Pass its matrix without border."
    zh = "所给各行不是二维码：应为 21 至 177 个模块的正方形。请传入不含边框的矩阵。"


def draw(letters: str, number: str, modules: Sequence[Sequence[bool]]) -> str:
    """Return the mark as SVG, in black on white: `letters` of the scheme, `number`, and the QR code of `modules`.

    `modules` are the rows of the code without its border, dark as true. Raises `BadClaim`, `BadModules`.
    """
    _LETTERS.check(letters, "letters")
    CERTIFICATE.check(number, "number")
    size = len(modules)
    if not 21 <= size <= _MOST_MODULES or any(len(row) != size for row in modules):
        raise BadModules
    label = f"{letters} {number} ({NOTICE.zh}; {NOTICE.en})"
    height = _HEAD + _SIDE + _FOOT
    scale = (_SIDE - 2 * _INSET) / (size + 2 * _QUIET)
    middle = f'x="{_SIDE // 2}" text-anchor="middle" font-family="sans-serif"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {height}" role="img" aria-label="{label}">'
    frame = f'width="{_SIDE - 8}" height="{height - 8}" rx="24" fill="#fff" stroke="#000" stroke-width="8"'
    code = f'<path d="{"".join(_runs(modules))}" fill="#000" shape-rendering="crispEdges"/>'
    return "\n".join(
        (
            head,
            f"<title>{label}</title>",
            f'<rect x="4" y="4" {frame}/>',
            f'<text {middle} y="100" font-size="88" font-weight="700" letter-spacing="8">{letters}</text>',
            f'<text {middle} y="150" font-size="30">{number}</text>',
            f'<g transform="translate({_INSET} {_HEAD}) scale({scale:.6f}) translate({_QUIET} {_QUIET})">{code}</g>',
            f'<text {middle} y="{_HEAD + _SIDE + 20}" font-size="20">{NOTICE.zh}</text>',
            f'<text {middle} y="{_HEAD + _SIDE + 46}" font-size="18">{NOTICE.en}</text>',
            "</svg>",
        )
    )


def _runs(modules: Sequence[Sequence[bool]]) -> Iterator[str]:
    """Yield one rectangle for each run of dark modules in a row."""
    for y, row in enumerate(modules):
        start = None
        for x, dark in enumerate([*row, False]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                yield f"M{start} {y}h{x - start}v1h-{x - start}z"
                start = None
