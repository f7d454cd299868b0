"""A person who reads Chinese never meets an English sentence at the desk, whatever is typed or read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hallmark.cli.commands import COMMANDS
from hallmark.cli.main import main
from hallmark.verify.command import main as verify
from world.languages import english_in, is_chinese

WORDS = [word for command in COMMANDS for word in command.name.split()]
OPTIONS = [each.name for command in COMMANDS for each in command.options if each.name.startswith("-")]
JUNK = st.text("abc/-_.:=0证 ", min_size=1, max_size=12)
TYPED = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(OPTIONS), JUNK), max_size=5)
PATIENT = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MALFORMED = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda data: b"%PDF-1.7\n" + data),
    st.text("HM1:ABC 09%+", max_size=60).map(lambda text: f"HM1:{text}".encode()),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=9).map(
        lambda value: json.dumps(value).encode()
    ),
)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, no profile, and nothing typed."""
    for name in ("HALLMARK_SERVER", "HALLMARK_TOKEN", "HALLMARK_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HALLMARK_PROFILE", str(tmp_path / "profile"))
    monkeypatch.setenv("HALLMARK_PASSWORD", "nobody's")
    monkeypatch.chdir(tmp_path)


def refused_in_chinese(said: str) -> None:
    told = "\n".join(line for line in said.splitlines() if not line.startswith(("用法：", " ")))
    assert english_in(told) == [], told
    assert not told or is_chinese(told), told


@PATIENT
@given(typed=TYPED)
def test_whatever_is_typed(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["--language", "zh", *(word for word in typed if word not in ("--help", "--language"))])
    refused_in_chinese(capsys.readouterr().err)


@PATIENT
@given(content=MALFORMED)
def test_whatever_file_is_checked(content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    trust = tmp_path / "trust.json"
    trust.write_bytes(content)
    for arguments in (["file", f"--trust={trust}"], ["file", "--trust=missing"], ["missing"], ["--at=x", "file"]):
        verify([*arguments, "--language=zh"])
        said = capsys.readouterr()
        refused_in_chinese(said.out + said.err)


@PATIENT
@given(content=MALFORMED)
def test_whatever_is_in_the_files_of_a_desk(content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    (profile / "keys").mkdir(parents=True, exist_ok=True)
    (profile / "keys" / "mine.pem").write_bytes(content)
    (tmp_path / "file").write_bytes(content)
    for arguments in (
        ["key", "show", "mine"],
        ["apply", "--file", "file"],
        ["test", "CFP-01", "missing"],
        ["test", "CFP-02", "missing", "--declaration", "file"],
        ["run", "start", "CASE", "--sample", "S", "--file", "apk=file", "--declaration", "file"],
        ["key", "create", "new", "--passphrase"],
    ):
        main([*arguments, "--language", "zh"])
        refused_in_chinese(capsys.readouterr().err)
    (profile / "profile.json").write_bytes(content)
    main(["me", "--language", "zh"])
    refused_in_chinese(capsys.readouterr().err)
    (profile / "profile.json").unlink()
