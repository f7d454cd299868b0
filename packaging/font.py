"""Make the fonts of `hallmark.paper`: subsets of Noto under names of their own, as the Open Font License asks.

    apt-get download fonts-noto-cjk fonts-noto-core unicode-data     (Debian 12)
    for each of the three: dpkg-deb -x <package> <folder>
    python packaging/font.py <folder>                                (needs fonttools)

The same packages give the same bytes.
"""

from __future__ import annotations

import bz2
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

TARGET = Path(__file__).resolve().parent.parent / "src" / "hallmark" / "paper" / "fonts"
NOTO = Path("usr/share/fonts")
UNIHAN = Path("usr/share/unicode/Unihan_OtherMappings.txt.bz2")

_FAMILY, _STYLE, _UNIQUE, _FULL, _VERSION, _POSTSCRIPT, _DESCRIPTION = 1, 2, 3, 4, 5, 6, 10
_KEPT_NAMES = (0, 13, 14)  # copyright, licence, address of the licence
_DROPPED = ("BASE", "DSIG", "VORG", "vhea", "vmtx", "STAT", "MATH")


def span(*bounds: tuple[int, int]) -> set[int]:
    """Return the code points from each first to each last."""
    return {point for first, last in bounds for point in range(first, last + 1)}


def gb2312() -> set[int]:
    """Return the characters of GB/T 2312-1980."""
    rows = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(text) for text in (each.decode("gb2312", "ignore") for each in rows) if len(text) == 1}


def big5() -> set[int]:
    """Return the 5,401 frequent traditional characters, level 1 of Big5."""
    rows = (bytes([row, cell]) for row in range(0xA4, 0xC7) for cell in range(0x40, 0xFF))
    return {ord(text) for text in (each.decode("big5", "ignore") for each in rows) if len(text) == 1}


def general_standard(unihan: Path) -> set[int]:
    """Return the 8,105 characters that names and places are written with since 2013 (Unihan property kTGH)."""
    with bz2.open(unihan, "rt", encoding="utf-8") as lines:
        return {int(line[2:].split("\t")[0], 16) for line in lines if "\tkTGH\t" in line}


LATIN = span((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0xFF))
PUNCTUATION = span((0x2010, 0x2016), (0x2018, 0x201E), (0x2020, 0x2022), (0x2025, 0x2027))
SIGNS = set(map(ord, "‰′″‹›※€№™←↑→↓↔≈≠≤≥−∞√∑✓■□●○▲△◆◇★☆"))
LETTERS = span((0x100, 0x24F), (0x250, 0x259), (0x386, 0x3CE), (0x400, 0x4FF), (0x1E00, 0x1EFF), (0x20A0, 0x20BF))


def face(path: Path, family: str) -> TTFont:
    """Return the font of that family: a collection's order is nobody's promise."""
    if path.suffix != ".ttc":
        return TTFont(path, recalcTimestamp=False)
    names = [each["name"].getDebugName(_FAMILY) for each in TTCollection(path).fonts]
    return TTFont(path, fontNumber=names.index(family), recalcTimestamp=False)


def reduce(font: TTFont, points: Iterable[int], features: list[str]) -> None:
    """Keep the glyphs of `points` and the named layout features, without hints."""
    options = subset.Options(
        layout_features=features, hinting=False, notdef_outline=True, name_IDs=["*"], glyph_names=False
    )
    options.drop_tables += _DROPPED
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)


def map_characters(font: TTFont) -> None:
    """Leave one character map, of format 12, which `paper.typesetting` reads."""
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = font.getBestCmap()
    font["cmap"].tables = [table]


def rename(font: TTFont, family: str, style: str) -> None:
    """Give the font its own name and leave its copyright and licence as they were."""
    table = font["name"]
    source, version = table.getDebugName(_FULL), table.getDebugName(_VERSION)
    postscript = f"{family.replace(' ', '')}-{style}"
    table.names = [name for name in table.names if name.nameID in _KEPT_NAMES and name.platformID == 3]
    own = {
        _FAMILY: family,
        _STYLE: style,
        _UNIQUE: f"{postscript} of {source}",
        _FULL: f"{family} {style}",
        _VERSION: version,
        _POSTSCRIPT: postscript,
        _DESCRIPTION: f"A subset of {source}.",
    }
    for number, text in own.items():
        table.setName(text, number, 3, 1, 0x409)
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [postscript]
        top = cff.topDictIndex[0]
        top.FullName, top.FamilyName = f"{family} {style}", family


def main(folder: Path) -> None:
    """Write the fonts from the unpacked Debian packages under `folder`."""
    simplified = gb2312() | general_standard(folder / UNIHAN) | LATIN | PUNCTUATION | SIGNS
    chinese = simplified | big5()
    cjk, core = folder / NOTO / "opentype" / "noto", folder / NOTO / "truetype" / "noto"
    wanted = (
        (cjk / "NotoSansCJK-Regular.ttc", "Noto Sans CJK SC", "Hallmark Sans", "Regular", chinese, ["kern", "pwid"]),
        (cjk / "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC", "Hallmark Serif", "Bold", simplified, ["kern", "pwid"]),
        (core / "NotoSans-Regular.ttf", "Noto Sans", "Hallmark Letters", "Regular", LETTERS, ["kern", "ccmp"]),
    )
    for path, original, family, style, points, features in wanted:
        font = face(path, original)
        reduce(font, points, features)
        map_characters(font)
        rename(font, family, style)
        suffix = "otf" if "CFF " in font else "ttf"
        font.save(TARGET / f"{family.replace(' ', '')}-{style}.{suffix}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
