"""The attester of a development node (RFC 9334 section 2): its TPM with the node's state in the registers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.node.attester import registers
from hallmark.node.attester.enrolment import FORMAT, Request, bind
from hallmark.node.attester.errors import BadSeal, OtherState, TpmFailed
from hallmark.node.attester.registers import State
from hallmark.node.attester.software_tpm import SoftwareTpm

# Handles and the index are those of the TCG's registry of reserved handles and of the EK Credential Profile (L-1).
_STORAGE, _ENDORSEMENT, _ATTESTATION = "0x81000001", "0x81010001", "0x81010002"
_ENDORSEMENT_CERTIFICATE = "0x1c00002"
_KEY_BITS, _NONCE = 256, 12
_POLICY_FAILED = "a policy check failed"
_SEALED = Text("封存内容", "sealed content")


@dataclass(frozen=True, slots=True)
class Attester:
    """What a node asks of its TPM while it runs in one state; made by `attesting`."""

    tpm: SoftwareTpm

    def request(self) -> Request:
        """Return the request for a registrar to certify the attestation key."""
        endorsement = self.tpm.run("tpm2_nvread", _ENDORSEMENT_CERTIFICATE)
        self.tpm.run("tpm2_readpublic", "--object-context", _ATTESTATION, "--format", "pem", "--output", "key")
        return Request(endorsement, self.tpm.read("key"), Bundle(FORMAT, self._quote(bind(endorsement)), {}))

    def activate(self, credential: bytes) -> bytes:
        """Return the secret in a registrar's challenge; raises `TpmFailed` where it is for another TPM or key."""
        self.tpm.write("credential", credential)
        with self.tpm.room():
            self.tpm.run("tpm2_startauthsession", "--policy-session", "--session", "session")
            self.tpm.run("tpm2_policysecret", "--session", "session", "--object-context", "endorsement")
            self.tpm.run(
                *("tpm2_activatecredential", "--credentialedkey-context", _ATTESTATION),
                *("--credentialkey-context", _ENDORSEMENT, "--credentialkey-auth", "session:session"),
                *("--credential-blob", "credential", "--certinfo-data", "secret"),
            )
        return self.tpm.read("secret")

    def attest(self, report_data: bytes, collateral: Mapping[str, bytes]) -> Bundle:
        """Return evidence of the state the node runs in, bound to the 64 bytes `report_data`; raises `TpmFailed`."""
        return Bundle(FORMAT, self._quote(FORMATS[FORMAT].expected(report_data)), dict(collateral))

    def seal(self, content: bytes, state: State) -> bytes:
        """Return `content` so that only this TPM, and only in `state`, opens it; raises `TpmFailed`.

        `state` may be one to come: before a new release or constitution, the node seals its keys for that.
        """
        key = AESGCM.generate_key(_KEY_BITS)  # for a TPM seals 128 bytes at most
        nonce = secrets.token_bytes(_NONCE)
        self.tpm.write("values", b"".join(state.values.values()))
        with self.tpm.room():
            self.tpm.run(
                *("tpm2_createpolicy", "--policy-pcr", "--pcr-list", registers.SELECTION),
                *("--pcr", "values", "--policy", "policy"),
            )
            self.tpm.run(
                *("tpm2_create", "--parent-context", _STORAGE, "--policy", "policy", "--sealing-input", "-"),
                *("--attributes", "fixedtpm|fixedparent|adminwithpolicy", "--public", "public", "--private", "private"),
                data=key,
            )
        parts = [self.tpm.read("public"), self.tpm.read("private")]
        return canonical.encode([*parts, nonce, AESGCM(key).encrypt(nonce, content, None)])

    def unseal(self, sealed: bytes) -> bytes:
        """Return what `seal` sealed for this state; raises `OtherState`, `BadSeal`, `NotCanonical`, `TpmFailed`."""
        match canonical.decode(sealed, what=_SEALED):
            case [bytes(public), bytes(private), bytes(nonce), bytes(box)] if len(nonce) == _NONCE:
                pass
            case _:
                raise BadSeal(why=Text("结构不符", "it does not have four parts"))
        self.tpm.write("public", public)
        self.tpm.write("private", private)
        with self.tpm.room():
            self.tpm.run(
                *("tpm2_load", "--parent-context", _STORAGE, "--public", "public", "--private", "private"),
                *("--key-context", "sealed"),
            )
            try:
                key = self.tpm.run("tpm2_unseal", "--object-context", "sealed", "--auth", f"pcr:{registers.SELECTION}")
            except TpmFailed as failed:
                if _POLICY_FAILED in str(failed.facts["why"]):
                    raise OtherState from None
                raise
        try:
            return AESGCM(key).decrypt(nonce, box, None)
        except InvalidTag:
            raise BadSeal(why=Text("内容被改动", "it was changed")) from None

    def _quote(self, extra: bytes) -> dict[str, bytes]:
        """Return the evidence of a quote over the registers, `extra` its qualifying data."""
        self.tpm.run("tpm2_readpublic", "--object-context", _ATTESTATION, "--output", "public")
        self.tpm.run(
            *("tpm2_quote", "--key-context", _ATTESTATION, "--hash-algorithm", "sha256"),
            *("--pcr-list", registers.SELECTION, "--qualification", extra.hex(), "--message", "quote"),
            *("--signature", "signature", "--format", "tss", "--pcr", "pcrs", "--pcrs_format", "values"),
        )
        return {name: self.tpm.read(name) for name in ("quote", "signature", "public", "pcrs")}


@contextmanager
def attesting(folder: Path, state: State) -> Iterator[Attester]:
    """Run the TPM in `folder` with `state` in its registers; raises `NoTpm`, `ProgramMissing`, `TpmFailed`.

    The attestation key is made at the first time and stays.
    """
    with SoftwareTpm(folder) as tpm:
        for register, event in state.events.items():
            tpm.run("tpm2_pcrextend", f"{register}:{registers.BANK}={event.hex()}")
        if _ATTESTATION.encode() not in tpm.run("tpm2_getcap", "handles-persistent"):
            _create_key(tpm)
        yield Attester(tpm)


def _create_key(tpm: SoftwareTpm) -> None:
    """Make the attestation key: restricted, on P-256, in the endorsement hierarchy."""
    with tpm.room():
        tpm.run(
            *("tpm2_createak", "--ek-context", _ENDORSEMENT, "--ak-context", "key"),
            *("--key-algorithm", "ecc", "--hash-algorithm", "sha256", "--signing-algorithm", "ecdsa"),
        )
        tpm.run("tpm2_evictcontrol", "--hierarchy", "owner", "--object-context", "key", _ATTESTATION)
