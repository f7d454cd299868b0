"""A maker of software TPMs for development, by `swtpm_setup` and `swtpm_localca`.

Each TPM leaves it with an RSA 2048 endorsement key (template L-1 of the TCG EK Credential Profile), its certificate in
the TPM's own memory, and a storage root key.
"""

from __future__ import annotations

import os
from pathlib import Path

from hallmark.node.attester import program

_SETTINGS, _AUTHORITY, _DESCRIPTION = "setup.conf", "authority.conf", "description.conf"


class Manufacturer:
    """The maker whose certification authority is in `folder`; it is founded with the first TPM."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def chain(self) -> bytes:
        """The certificates above that of an endorsement key, PEM, the root last."""
        names = ("issuercert.pem", "swtpm-localca-rootca-cert.pem")
        return b"".join((self._folder / name).read_bytes() for name in names)

    def make(self, folder: Path, name: str) -> None:
        """Make a TPM with its state in `folder`, which holds none, for the node `name`.

        Raises `ProgramMissing`, `TpmFailed`.
        """
        program.find("swtpm")  # which `swtpm_setup` starts
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file, content in self._files().items():
            (self._folder / file).write_text(content)
        # As root it would change to a user of its own, who may not write here.
        user = ("--runas", "root") if os.geteuid() == 0 else ()
        program.run(
            "swtpm_setup",
            *("--tpm2", "--tpmstate", str(folder.absolute()), "--config", _SETTINGS, *user),
            *("--create-ek-cert", "--create-spk", "--lock-nvram", "--pcr-banks", "sha256", "--vmid", name),
            folder=self._folder,
        )

    def _files(self) -> dict[str, str]:
        """Return the three files of settings by name."""
        authority = {
            "statedir": ".",
            "signingkey": "signkey.pem",
            "issuercert": "issuercert.pem",
            "certserial": "serial",
        }
        return {
            _SETTINGS: (
                f"create_certs_tool = {program.find('swtpm_localca')}\n"
                f"create_certs_tool_config = {self._folder / _AUTHORITY}\n"
                f"create_certs_tool_options = {self._folder / _DESCRIPTION}\n"
            ),
            _AUTHORITY: "".join(f"{key} = {self._folder / name}\n" for key, name in authority.items()),
            _DESCRIPTION: (
                "--platform-manufacturer Hallmark\n--platform-version 1\n--platform-model development-node\n"
            ),
        }
