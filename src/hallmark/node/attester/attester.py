"""The attester of a node with a TPM (RFC 9334 section 2): the TPM with the node's state in the registers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.node.attester.enrolment import FORMAT, Request, bind
from hallmark.node.attester.errors import BadSeal, OtherState, TpmFailed
from hallmark.node.attester.machine_tpm import MachineTpm
from hallmark.node.attester.registers import BANK, State
from hallmark.node.attester.software_tpm import SoftwareTpm
from hallmark.node.attester.tpm import Tpm

# Handles and the index are those of the TCG's registry of reserved handles and of the EK Credential Profile (L-1).
_STORAGE, _ENDORSEMENT, _ATTESTATION = "0x81000001", "0x81010001", "0x81010002"
_ENDORSEMENT_CERTIFICATE = "0x1c00002"
# What makes each where a TPM lacks it, as context `key`: the storage root; the endorsement key, by the template of its
# certificate (L-1); the attestation key, restricted, on P-256, in the endorsement hierarchy.
_KEYS: Mapping[str, tuple[str, ...]] = {
    _STORAGE: ("tpm2_createprimary", "--hierarchy", "owner", "--key-context", "key"),
    _ENDORSEMENT: ("tpm2_createek", "--key-algorithm", "rsa", "--ek-context", "key"),
    _ATTESTATION: (
        *("tpm2_createak", "--ek-context", _ENDORSEMENT, "--ak-context", "key"),
        *("--key-algorithm", "ecc", "--hash-algorithm", "sha256", "--signing-algorithm", "ecdsa"),
    ),
}
_KEY_BITS, _NONCE = 256, 12
_POLICY_FAILED = "a policy check failed"
_SEALED = Text("封存内容", "sealed content")


@dataclass(frozen=True, slots=True)
class Attester:
    """What a node asks of its TPM while it runs in one state; made by `attesting`."""

    tpm: Tpm

    def request(self) -> Request:
        """Return the request for a registrar to certify the attestation key."""
        endorsement = self.tpm.run("tpm2_nvread", _ENDORSEMENT_CERTIFICATE)
        self.tpm.run("tpm2_readpublic", "--object-context", _ATTESTATION, "--format", "pem", "--output", "key")
        return Request(endorsement, self.tpm.read("key"), Bundle(FORMAT, self._quote(bind(endorsement)), {}))

    def activate(self, credential: bytes) -> bytes:
        """Return the secret in a registrar's challenge; raises `TpmFailed` where it is for another TPM or key."""
        self.tpm.write("credential", credential)
        with self.tpm.room(), self._session():
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
        registers = self.tpm.registers
        self.tpm.write("values", b"".join(registers.values(state).values()))
        with self.tpm.room():
            self.tpm.run(
                *("tpm2_createpolicy", "--policy-pcr", "--pcr-list", registers.sealed),
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
                opened = f"pcr:{self.tpm.registers.sealed}"
                key = self.tpm.run("tpm2_unseal", "--object-context", "sealed", "--auth", opened)
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
            *("--pcr-list", self.tpm.registers.quoted, "--qualification", extra.hex(), "--message", "quote"),
            *("--signature", "signature", "--format", "tss", "--pcr", "pcrs", "--pcrs_format", "values"),
        )
        return {name: self.tpm.read(name) for name in ("quote", "signature", "public", "pcrs")}

    @contextmanager
    def _session(self) -> Iterator[None]:
        """Have a policy session in the file `session`, and end it, saved or not: no other is ended with it."""
        self.tpm.run("tpm2_startauthsession", "--policy-session", "--session", "session")
        try:
            yield
        finally:
            with suppress(TpmFailed):  # a failure leaves it loaded, where `room` finds it
                self.tpm.run("tpm2_flushcontext", "session")


@contextmanager
def attesting(place: Path, state: State) -> Iterator[Attester]:
    """Run with `state` in its registers the TPM in the folder `place`, or the machine's that the file `place` names.

    The keys that a node needs are made where they are not there yet, and stay. Raises `NoTpm`, `NoDevice`,
    `ProgramMissing`, `TpmFailed`.
    """
    with MachineTpm(place) if place.is_file() else SoftwareTpm(place) as tpm:
        events = tpm.registers.events(state)
        if tpm.registers.reset:
            tpm.run("tpm2_pcrreset", *map(str, events))
        for register, event in events.items():
            tpm.run("tpm2_pcrextend", f"{register}:{BANK}={event.hex()}")
        held = tpm.run("tpm2_getcap", "handles-persistent").decode()
        for handle, command in _KEYS.items():
            if handle not in held:
                _make_key(tpm, handle, command)
        yield Attester(tpm)


def _make_key(tpm: Tpm, handle: str, command: tuple[str, ...]) -> None:
    with tpm.room():
        tpm.run(*command)
        tpm.run("tpm2_evictcontrol", "--hierarchy", "owner", "--object-context", "key", handle)
