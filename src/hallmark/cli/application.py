"""An application from TOML: looked at whole before anything leaves the machine, its faults named by line and field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from hallmark.cli.desk import Desk, digest, read
from hallmark.cli.errors import BadFile
from hallmark.kernel.text import Text, quoted
from hallmark.statement import kinds
from hallmark.statement.plain import read_claims
from hallmark.statement.shape import BadClaim

_KIND = "application.submitted"
_CLAIM_OF = {"type": "product_type"}
"""Fields whose claim has another name."""
_SEGMENT = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_FROM_FILE = re.compile(r"((?:builds|documents)\[\d+\]\.)(?:name|size|sha256|address)")
_MISSING = Text("缺少该项", "it is missing")
_LATER = {"edition": "asked-of-the-server", "address": "00" * 32}
"""What the server gives stands in here while the rest is looked at."""


class Application:
    """An application as its file has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = toml_text(path)
        self.told = read_toml(path, self._text)

    def claims(self) -> dict[str, Any]:
        """Return its claims with digests of builds and documents, before anything is brought; raises `BadFile`."""
        claims = {_CLAIM_OF.get(name, name): value for name, value in self.told.items()}
        product = claims.get("product")
        if isinstance(product, dict):
            claims["product"] = {**product, "builds": [self._build(*each) for each in self._tables("product.builds")]}
        claims["documents"] = [self._document(*each) for each in self._tables("documents")]
        claims = {"scheme": "cfp", "edition": _LATER["edition"], "declares": [], **claims}
        kind = kinds.find(_KIND)
        try:
            kind.check(read_claims(kind, claims))
        except BadClaim as error:
            raise self.bad(str(error.facts["claim"]), cast("Text", error.facts["why"])) from None
        return claims

    def bad(self, field: str, why: Text) -> BadFile:
        """Return the error that names a field as the file has it, and its line."""
        names = {claim: name for name, claim in _CLAIM_OF.items()}
        field = _FROM_FILE.sub(r"\1file", names.get(field, field))
        line = _line(self._text, field)
        place = Text(f"第 {line} 行，", f"line {line}, ") if line else Text("", "")
        return BadFile(path=self.path, why=Text(f"{place.zh}{field}：{why.zh}", f"{place.en}{field}: {why.en}"))

    def _tables(self, field: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables in a list, each with its place."""
        found: Any = self.told
        for name in field.split("."):
            found = found.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.bad(field, Text("应为表的列表", "a list of tables is wanted"))
        return [(f"{field}[{index}]", each) for index, each in enumerate(found)]

    def _build(self, field: str, given: Mapping[str, Any]) -> dict[str, Any]:
        path, size, sha256 = self._file(field, given)
        return _without_file(given) | {"name": path.name, "size": size, "sha256": sha256}

    def _document(self, field: str, given: Mapping[str, Any]) -> dict[str, Any]:
        path, size, sha256 = self._file(field, given)
        claim = {"title": path.name[:200], **_without_file(given), "size": size, "sha256": sha256}
        return claim | {"address": _LATER["address"]}

    def _file(self, field: str, given: Mapping[str, Any]) -> tuple[Path, int, str]:
        """Return path, size and digest of the file that a table names."""
        if not isinstance(name := given.get("file"), str):
            raise self.bad(f"{field}.file", Text("应为文件名", "the name of a file is wanted") if name else _MISSING)
        path = self.path.parent / name
        try:
            size, sha256 = digest(path)
        except BadFile as error:
            why = cast("Text", error.facts["why"])
            raise self.bad(f"{field}.file", Text(f"{name}：{why.zh}", f"{name}: {why.en}")) from None
        if not size:
            raise self.bad(f"{field}.file", Text(f"{name} 为空文件", f"{name} is empty"))
        return path, size, sha256.hex()


def read_application(desk: Desk, value: str) -> dict[str, Any]:
    """Return the claims of the application in a file, its documents brought; raises `BadFile` before anything is."""
    application = Application(Path(value))
    claims = application.claims()
    if claims["edition"] == _LATER["edition"]:
        claims["edition"] = desk.client.get(f"/schemes/{claims['scheme']}")["edition"]
    for claim, given in zip(claims["documents"], application.told.get("documents", []), strict=True):
        path = application.path.parent / given["file"]
        claim.update(desk.bring(path, [claims["body"]], given.get("title", "")))
    return claims


def toml_text(path: Path) -> str:
    """Return the text of a file of TOML; raises `BadFile`."""
    try:
        return bytes(read(path, whole=True)).decode()
    except ValueError as error:
        raise _no_toml(path, error) from None


def read_toml(path: Path, text: str) -> dict[str, Any]:
    """Return what TOML says; raises `BadFile`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_toml(path, error) from None


def _no_toml(path: Path, error: Exception) -> BadFile:
    return BadFile(path=path, why=Text(f"不是 TOML：{quoted(error).zh}", f"it is not TOML: {quoted(error).en}"))


def _without_file(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "file"}


def _line(text: str, field: str) -> int:
    """Return the line of a field, from 1; of the table where it is missing, 0 where there is none.

    It is looked for as people write TOML, and wrong for a reader's eye at worst.
    """
    lines, at = text.splitlines(), -1
    for name, index in _SEGMENT.findall(field):
        word = re.escape(name)
        header = re.compile(rf'\s*\[+[^\]]*(?<![\w-]){word}"?\s*\]')
        key = re.compile(rf'(?:^|[{{,.\s])"?{word}"?\s*=')
        hits, inside = [], True
        for number in range(max(at, 0), len(lines)):
            inside = inside and (number <= at or not lines[number].lstrip().startswith("["))
            if (number > at and header.match(lines[number])) or (inside and key.search(lines[number])):
                hits.append(number)
        if not hits:
            break
        at = hits[min(int(index or 0), len(hits) - 1)]
    return at + 1
