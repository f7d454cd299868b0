"""The pages are true: links lead somewhere, commands are commands, lists are those of the code."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hallmark import schemes
from hallmark.cli import commands, main, node
from hallmark.lab import kits
from hallmark.scheme import loader
from hallmark.server import settings
from hallmark.verify import command as verifier

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
_SKIPPED = {".git", ".venv", "var", "dist", "__pycache__"}
_SHOWN = {".ci", ".gitignore", ".importlinter"}


def _files() -> Iterator[Path]:
    """Yield the files of the tree, caches and environments left out."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and (parts[0][0] != "." or parts[0] in _SHOWN) and not _SKIPPED & set(parts):
            yield path


PAGES = [path for path in _files() if path.suffix == ".md"]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _without_fences(page: str) -> str:
    return re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)


def _typed(page: str) -> Iterator[str]:
    """Yield what stands as code: indented and fenced lines, and what is between backquotes."""
    for block in re.findall(r"^```.*?\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        yield from block.split("\n")
    rest = _without_fences(page)
    yield from re.findall(r"^ {4}(\S.*)$", rest, re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", rest)


def _anchors(page: str) -> set[str]:
    """Return the anchors of headings as forges make them."""
    titles = re.findall(r"^#+ +(.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _links(page: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", _without_fences(page))


def broken_links(path: Path, page: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    broken = []
    for link in _links(page):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(_text(target))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert broken_links(path, _text(path)) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    page = "[a](guide/nobody.md) [b](README.md#no-such-title) [c](README.md) ![d](no.png)"
    assert broken_links(DOCS / "x.md", page) == ["guide/nobody.md", "README.md#no-such-title", "no.png"]


def test_every_page_of_docs_is_linked_from_the_index() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in _links(_text(DOCS / "README.md"))}
    pages = {path for path in PAGES if path.is_relative_to(DOCS) and path != DOCS / "README.md"}
    assert {_name(path) for path in pages - linked} == set()


def test_every_role_has_a_page_and_the_readme_names_it() -> None:
    linked = {(ROOT / link).resolve() for link in _links(_text(ROOT / "README.md"))}
    assert {_name(path) for path in set(DOCS.glob("guide/*.md")) - linked} == set()


def commands_in(page: str, program: str) -> list[list[str]]:
    """Return the command lines of `program` on a page; those with `…`, `<…>` or `[…]` are no command lines."""
    lines = (line.strip() for line in _typed(page))
    found = [shlex.split(line, comments=True) for line in lines if re.match(rf"{re.escape(program)} +[\w-]", line)]
    return [words for words in found if not set("…<[") & set("".join(words))]


def is_taken(words: list[str], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Tell whether `hallmark` takes a command line, or has a command of that name; nothing is run."""
    if " ".join(words[1:]) in {each.name for each in (*commands.COMMANDS, *node.COMMANDS)}:
        return True
    monkeypatch.setattr(main, "_guarded", lambda _options, _language: 0)
    before = words.index(">") if ">" in words else len(words)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        return main.main(words[1:before]) == 0


HALLMARK = [(path, words) for path in PAGES for words in commands_in(_text(path), "hallmark")]


@pytest.mark.parametrize(("path", "words"), HALLMARK, ids=[f"{_name(path)} {shlex.join(w)}" for path, w in HALLMARK])
def test_every_command_shown_is_one_that_the_parser_takes(path: Path, words: list[str], monkeypatch) -> None:
    assert is_taken(words, monkeypatch), _name(path)


@pytest.mark.parametrize(
    "line", ["hallmark certify CASE", "hallmark decide CASE --outcome maybe --reasons x", "hallmark operate fly"]
)
def test_a_command_that_the_parser_does_not_take_is_found(line: str, monkeypatch) -> None:
    (words,) = commands_in(f"text\n\n    {line}\n", "hallmark")
    assert not is_taken(words, monkeypatch)


def test_most_commands_are_on_some_page() -> None:
    shown = {" ".join(words) for _, words in HALLMARK}
    unseen = {each.name for each in commands.COMMANDS if not any(f"hallmark {each.name}" in line for line in shown)}
    assert len(unseen) < len(commands.COMMANDS) / 4, sorted(unseen)


def test_every_call_of_the_verifier_shown_is_one_that_it_takes() -> None:
    lines = [words for path in PAGES for words in commands_in(_text(path), "hallmark-verify")]
    assert lines
    for words in lines:
        assert verifier._options(words[1:], {}) is not None, words


def test_every_job_of_run_py_shown_exists() -> None:
    jobs = re.findall(r"python3 run\.py(?: ([a-z]+))?", _text(ROOT / "run.py"))
    for path in PAGES:
        for line in _typed(_text(path)):
            if match := re.match(r"python3 run\.py(?: ([a-z]+))?", line):
                assert (match[1] or "") in jobs, f"{_name(path)}: {line}"


def _rows(page: str) -> list[list[str]]:
    """Return the rows of all tables on a page, cell by cell."""
    lines = [line for line in page.split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_operator_is_told_every_setting_as_the_server_reads_it() -> None:
    told = [row for row in _rows(_text(DOCS / "guide" / "operator.md")) if row[0].startswith("`HALLMARK_")]
    assert told == [row for row in _rows(settings.__doc__ or "") if row[0].startswith("`HALLMARK_")]


def test_every_variable_that_the_code_reads_is_on_some_page() -> None:
    source = "".join(_text(path) for path in _files() if path.suffix == ".py" and "tests" not in path.parts)
    read = set(re.findall(r'"(HALLMARK_[A-Z_]+)"', source)) - {"HALLMARK_SAMPLES"}
    pages = "".join(map(_text, PAGES))
    assert {name for name in read if f"`{name}" not in pages} == set()


def test_the_readme_installs_the_packages_of_the_list() -> None:
    (line,) = re.findall(r"apt-get install (.+)", _text(README))
    assert line.split() == _text(ROOT / "packaging" / "apt.txt").split()


def test_every_figure_has_a_benchmark_that_gives_it_again() -> None:
    section = _text(README).partition("## Figures")[2].partition("\n## ")[0]
    rows = [row for row in _rows(section) if any(character.isdigit() for character in row[1])]
    assert len(rows) > 3
    for row in rows:
        (script,) = re.findall(r"^`python3 run\.py bench (\w+)(?: --\w+ \d+)*`$", row[-1])
        assert (ROOT / "benchmarks" / f"{script}.py").is_file(), script


def test_the_readme_counts_what_there_is() -> None:
    scheme, page = loader.load(schemes.read("cfp")), _text(README)
    unset = [each for each in scheme.parameters.values() if each.value is None]
    assert f"{len(scheme.types)} product types, over {len(scheme.items) // 100 * 100} requirement items" in page
    assert f"{len(unset)} parameters" in page
    assert f"{len(list(kits.listing()))} kits: " in page


def test_the_readme_shows_every_room() -> None:
    tree = _text(README).partition("```\n")[2].partition("```")[0]
    contract = _text(ROOT / ".importlinter").partition("layers =\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in tree.splitlines()] == re.findall(r"\w+", contract)


def test_every_test_that_a_page_names_is_a_test() -> None:
    named = {name for path in PAGES for name in re.findall(r"`(test_\w+)`", _text(path))}
    source = "".join(_text(path) for path in _files() if path.name.startswith("test_") and path.suffix == ".py")
    assert named
    assert {name for name in named if f"def {name}(" not in source} == set()


def test_extras_named_on_pages_exist() -> None:
    extras = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    named = {name for path in PAGES for name in re.findall(r"hallmark\[([a-z,]+)\]", _text(path))}
    assert {each for names in named for each in names.split(",")} <= set(extras)


def places_in(text: str) -> list[str]:
    """Return what names a machine's folders, or the hosts of a package registry."""
    homes, hosts = ("work", "home", "root", "Users"), tuple(f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs"))
    found = re.findall(rf"(?<![\w.])/(?:{'|'.join(homes)})/[\w.]+", text)
    return found + [host for host in hosts if re.search(rf"//[\w.-]*{re.escape(host)}", text)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = {}
    for path in _files():
        with contextlib.suppress(UnicodeDecodeError):
            if places := places_in(_text(path)):
                found[_name(path)] = places
    assert found == {}


def test_a_machine_and_a_registry_are_found() -> None:
    mine, host = f"/{'home'}/somebody", f"https:{'//files.python'}hosted.org/packages/x"
    assert places_in(f"see {mine} and {host}") == [mine, f"{'pythonhosted'}.org"]
    assert places_in("docs/home/page.md, /register/home, https://register.example/work/") == []
