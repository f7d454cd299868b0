"""The profile: a folder for its owner's eyes with settings, token and keys.

<profile>/profile.json     server, token, person, organisation, and whose each key is
<profile>/keys/<name>.pem  PKCS #8, encrypted where a passphrase was given
<profile>/trust.json       the trust bundle that `hallmark verify` uses
"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hallmark.cli.errors import BadKeyName, BadProfile, KeyFileExists, NoPassphrase, NoSuchKeyFile, WhichKey
from hallmark.kernel.keys import SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.office.keys import durable
from hallmark.verify import disk

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Profile:
    """Settings and keys in one folder; nothing is written before something is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "profile.json"
        self._keys = folder / "keys"
        self.settings: dict[str, Any] = self._load()

    @property
    def trust(self) -> Path:
        """Where the trust bundle is kept."""
        return self.folder / "trust.json"

    def save(self, **news: object) -> None:
        """Keep `news` among the settings; None forgets."""
        self.settings = {name: value for name, value in {**self.settings, **news}.items() if value is not None}
        durable.make_folder(self.folder)
        temporary = durable.temporary_in(self.folder)
        with os.fdopen(durable.create(temporary), "w", encoding="utf-8") as file:
            json.dump(self.settings, file, indent=2, ensure_ascii=False)
        temporary.replace(self._path)

    def names(self) -> list[str]:
        """Return the names of the keys."""
        return sorted(path.stem for path in self._keys.glob("[!.]*.pem"))

    def create_key(self, name: str, algorithm: int, passphrase: bytes | None) -> SoftwareSigner:
        """Make a key; raises `BadKeyName`, `KeyFileExists`."""
        if not _NAME.fullmatch(name):
            raise BadKeyName(name=name[:100])
        signer = SoftwareSigner.generate(algorithm)
        durable.make_folder(self._keys)
        try:
            durable.write_once(self._keys / f"{name}.pem", signer.to_pem(passphrase))
        except FileExistsError:
            raise KeyFileExists(name=name) from None
        return signer

    def key(self, name: str | None) -> tuple[str, SoftwareSigner]:
        """Return name and key, the only one where no name is given.

        Raises `WhichKey`, `BadKeyName`, `NoSuchKeyFile`, `BadKey`.
        """
        known = self.names()
        if name is None:
            if len(known) != 1:
                raise WhichKey(known=", ".join(known) or "-")
            (name,) = known
        if not _NAME.fullmatch(name):
            raise BadKeyName(name=name[:100])
        if name not in known:
            raise NoSuchKeyFile(name=name, folder=self._keys, known=", ".join(known) or "-")
        pem = (self._keys / f"{name}.pem").read_bytes()
        return name, SoftwareSigner.from_pem(pem, ask_passphrase(name) if b"ENCRYPTED" in pem else None)

    def owner(self, key: str) -> str | None:
        """Return the person for whom a key was enrolled from here."""
        owners: Mapping[str, str] = self.settings.get("keys") or {}
        return owners.get(key)

    def _load(self) -> dict[str, Any]:
        try:
            value = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BadProfile(path=self._path, why=disk.reason(error)) from None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadProfile(path=self._path, why=Text("它不是 JSON 对象", "it is not a JSON object"))
        return value


def folder_of(asked: str | None) -> Path:
    """Return the folder asked for, else that of HALLMARK_PROFILE, else `hallmark` among the user's settings."""
    if asked or os.environ.get("HALLMARK_PROFILE"):
        return Path(asked or os.environ["HALLMARK_PROFILE"]).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "hallmark"


def ask_passphrase(prompt: str) -> bytes:
    """Return the passphrase of a key: HALLMARK_PASSPHRASE, or what is typed; raises `NoPassphrase`."""
    text = os.environ.get("HALLMARK_PASSPHRASE")
    if text is None and sys.stdin.isatty():
        text = getpass.getpass(f"{prompt}: ")
    if not text:
        raise NoPassphrase
    return text.encode()
