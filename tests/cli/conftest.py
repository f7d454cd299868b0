"""The command against a live server: people at their desks, each with a profile of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from office.conftest import _wide_rates as _wide_rates
from office.conftest import pytest_configure as pytest_configure

PASSWORD = "correct horse battery"


class Desk:
    """Somebody at a desk: called with the words of a command, answers with what it prints as JSON."""

    def __init__(self, name: str, profile: Path, run: Callable[..., tuple[int, str, str]]) -> None:
        self.name = name
        self.profile = profile
        self.person = ""
        self._run = run

    def say(self, *words: object, language: str = "en") -> tuple[int, str, str]:
        """Run a command; return exit code, output and errors."""
        return self._run(self.profile, "--language", language, *map(str, words))

    def __call__(self, *words: object) -> Any:
        """Run a command that must succeed; return its JSON."""
        code, out, err = self.say("--json", *words)
        assert code == 0, (words, err)
        return json.loads(out)

    def refused(self, *words: object) -> tuple[int, str]:
        """Run a command that must fail; return exit code and error code."""
        code, out, err = self.say("--json", *words)
        assert code not in (0, 2), (words, out, err)
        return code, json.loads(err)["code"]


@pytest.fixture
def desks(tmp_path, monkeypatch, capsys) -> Callable[[str], Desk]:
    """Return a desk by its owner's name."""
    from hallmark.cli.main import main

    for name in ("HALLMARK_TOKEN", "HALLMARK_SERVER", "HALLMARK_LANGUAGE", "HALLMARK_PASSPHRASE", "HALLMARK_TRUST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HALLMARK_PASSWORD", PASSWORD)
    monkeypatch.setenv("no_proxy", "*")

    def run(profile: Path, *words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("HALLMARK_PROFILE", str(profile))
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return lambda name: Desk(name, tmp_path / "profiles" / name, run)


@pytest.fixture
def server(live_server, settings, tmp_path) -> str:
    """The address of a live server without a ledger, its keys and log in a folder of their own."""
    from hallmark.office.keys.services import port

    settings.HALLMARK_LOG = tmp_path / "log"
    settings.HALLMARK_KEYS = tmp_path / "keys"
    port.cache_clear()
    yield live_server.url
    port.cache_clear()
