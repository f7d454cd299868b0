"""A person's desk for the length of one command: profile, server, and who they are there."""

from __future__ import annotations

import hashlib
import mimetypes
import os
from argparse import Namespace
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

from hallmark.cli.client import Client
from hallmark.cli.errors import Answered, BadFile, NoServer, WhichOffice
from hallmark.cli.profile import Profile, folder_of
from hallmark.kernel.text import Language, Text
from hallmark.verify import disk


class Desk:
    """What every command is given."""

    def __init__(self, options: Namespace, language: Language) -> None:
        self.language = language
        self.profile = Profile(folder_of(getattr(options, "profile", None)))
        self._options = options
        self._cases: dict[str, dict[str, Any]] = {}

    def say(self, text: Text) -> str:
        """Return words in the reader's language."""
        return text.in_language(self.language)

    @cached_property
    def server(self) -> str:
        """The server's address: --server, HALLMARK_SERVER, or the profile's; raises `NoServer`."""
        server = getattr(self._options, "server", None) or os.environ.get("HALLMARK_SERVER")
        server = server or self.profile.settings.get("server")
        if not server:
            raise NoServer
        return str(server)

    @cached_property
    def client(self) -> Client:
        """The API, with the token of HALLMARK_TOKEN or of the profile, which is shown to no other server."""
        token = os.environ.get("HALLMARK_TOKEN")
        if token is None and self.server == self.profile.settings.get("server"):
            token = self.profile.settings.get("token")
        return Client(self.server, token, self.language)

    @cached_property
    def me(self) -> dict[str, Any]:
        """Who the token is."""
        found: dict[str, Any] = self.client.get("/me")
        return found

    @cached_property
    def office(self) -> str:
        """The organisation to act for: --issuer, or the token's only one; raises `WhichOffice`."""
        held = [place["id"] for place in self.me["organisations"]]
        asked = getattr(self._options, "issuer", None)
        if asked:
            return str(asked)
        if len(held) != 1:
            raise WhichOffice(organisations=", ".join(held) or "-")
        return str(held[0])

    @property
    def functions(self) -> list[str]:
        """What the person does for that organisation."""
        return [name for place in self.me["organisations"] if place["id"] == self.office for name in place["functions"]]

    def colleagues(self) -> dict[str, str]:
        """Return the names of the members of one's own organisations, as far as the server tells them, by person."""
        people: dict[str, str] = {}
        for place in self.me["organisations"]:
            with suppress(Answered):
                members = self.client.get(f"/organisations/{place['id']}/members")
                people |= {each["person"]: each["name"] for each in members if each["name"]}
        return people

    def case(self, name: str) -> dict[str, Any]:
        """Return a case, read once in a command."""
        if name not in self._cases:
            self._cases[name] = self.client.get(f"/cases/{name}")
        return self._cases[name]

    def today(self, scheme: str) -> str:
        """Return the civil date at the scheme's offset, by the server's clock."""
        return str(self.client.get(f"/schemes/{scheme}")["day"])

    def bring(self, path: Path, readers: list[str], title: str = "") -> dict[str, Any]:
        """Upload a file as evidence of the organisation, let `readers` read it, and return the claim that names it."""
        size, _ = digest(path)
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        with read(path) as file:
            kept: dict[str, Any] = self.client.bring(
                "/evidence", file, size, media_type, organisation=self.office, name=(title or path.name)[:200]
            )
        for reader in dict.fromkeys(readers):
            if reader != self.office:
                self.client.send("POST", f"/evidence/{kept['address']}/readers", {"organisation": reader})
        return kept

    def parties(self, case: str) -> list[str]:
        """Return the organisations of a case, which read what is brought to it."""
        record = self.case(case)["record"]
        return [record[name] for name in ("applicant", "body", "laboratory") if record.get(name)]


@overload
def read(path: Path) -> Any: ...
@overload
def read(path: Path, whole: Literal[True]) -> bytes: ...
def read(path: Path, whole: bool = False) -> Any:
    """Return the open file, or its `whole` content; raises `BadFile`."""
    try:
        file = disk.open_file(path)
        if not whole:
            return file
        with file:
            return file.read()
    except (OSError, ValueError) as error:
        raise BadFile(path=path, why=disk.reason(error)) from None


def digest(path: Path) -> tuple[int, bytes]:
    """Return size and SHA-256 of a file; raises `BadFile`."""
    with read(path) as file:
        try:
            found = hashlib.file_digest(file, "sha256").digest()
            return file.tell(), found
        except OSError as error:
            raise BadFile(path=path, why=disk.reason(error)) from None
