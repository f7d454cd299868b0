"""The certification authority for attestation keys of development nodes: its key is the trust anchor of a policy."""

from __future__ import annotations

import hmac
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hallmark.attestation import chain
from hallmark.attestation.errors import BadEvidence, BrokenBinding, BrokenChain
from hallmark.attestation.signature import fingerprint
from hallmark.kernel import hashing, instant
from hallmark.kernel.text import Text
from hallmark.node.attester import program
from hallmark.node.attester.enrolment import FORMAT, Challenge, Request, bind
from hallmark.node.attester.errors import NotActivated, NotCertified, UnknownMaker
from hallmark.node.attester.journal import Journal

_ENDORSEMENT = Text("TPM 背书密钥", "TPM endorsement key")
_ATTESTATION = Text("TPM 证明密钥", "TPM attestation key")
_SHA256 = b"\x00\x0b"  # TPM_ALG_SHA256
_AUTHORITY_DAYS, _KEY_DAYS, _LIST_DAYS = 3650, 365, 30
# The TCG's purpose "attestation identity key" (EK Credential Profile: tcg-kp-AIKCertificate).
_PURPOSE = x509.ObjectIdentifier("2.23.133.8.3")
_NAME = "Hallmark development registrar"
JOURNAL = "registrar.sqlite"
_NUMBER = 16


class Registrar:
    """Who certifies attestation keys; all it must not forget is in its `journal`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        key, certificate = journal.authority
        self._key = _load_private(key)
        self._certificate = x509.load_der_x509_certificate(certificate)
        self._makers = [chain.load(maker, _ENDORSEMENT) for maker in journal.makers]

    @classmethod
    def found(cls, folder: Path, makers: Iterable[bytes], at: int) -> Registrar:
        """Return a new registrar with its journal in `folder` and its own certificate made at `at` ms.

        `makers` are chains of TPM makers, PEM. Raises `RegistrarExists`, `BadEvidence`.
        """
        makers = list(makers)
        for maker in makers:
            chain.load(maker, _ENDORSEMENT)
        key = ec.generate_private_key(ec.SECP256R1())
        usage = {"key_cert_sign": True, "crl_sign": True}
        builder = _certificate(_NAME, key.public_key(), at, _AUTHORITY_DAYS, usage)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        own = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        secret = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(Journal.begin(folder / JOURNAL, secret, own, makers))

    @classmethod
    def open(cls, folder: Path) -> Registrar:
        """Return the registrar whose journal is in `folder`, as it was left; raises `NoRegistrar`."""
        return cls(Journal(folder / JOURNAL))

    def close(self) -> None:
        """Let the journal go."""
        self._journal.close()

    @property
    def certificate(self) -> bytes:
        """Its own certificate, DER."""
        return self._certificate.public_bytes(serialization.Encoding.DER)

    @property
    def anchor(self) -> bytes:
        """The fingerprint of its key, as the `anchors` of an appraisal rule hold it."""
        return fingerprint(self._key.public_key())

    def challenge(self, request: Request, at: int) -> Challenge:
        """Return a challenge for the TPM whose key `request` would have certified at `at` ms.

        In order: a known maker certified the endorsement key; the quote verifies under an attestation key fit to attest
        and names this endorsement; that key is the one in the request. Raises `UnknownMaker`, `NotYetValid`, `Expired`,
        `BadEvidence`, `BrokenBinding`, what `Bundle.verify` raises, `ProgramMissing`, `TpmFailed`.
        """
        endorsement = self._endorsement(request.endorsement, at)
        claims = request.evidence.verify(frozenset(), at)
        if request.evidence.format != FORMAT or claims.report_data != bind(request.endorsement):
            why = Text("引证未绑定该背书", "its quote is not bound to this endorsement")
            raise BrokenBinding(what=_ATTESTATION, whole=_ENDORSEMENT, why=why)
        if fingerprint(_load(request.key)) != claims.signers[0]:
            why = Text("引证由另一密钥签署", "another key signed its quote")
            raise BrokenBinding(what=_ATTESTATION, whole=_ENDORSEMENT, why=why)
        # The name is over all that the key may do (Part 1, 16), so no other key of that TPM opens the credential.
        name = _SHA256 + hashing.sha256(request.evidence.evidence["public"][2:])
        number, secret = secrets.token_bytes(_NUMBER), secrets.token_bytes(hashing.SIZE)
        credential = _make_credential(endorsement, name, secret)
        self._journal.put_challenge(number, secret, request.key)
        return Challenge(number, credential)

    def certify(self, number: bytes, answer: bytes, at: int) -> bytes:
        """Return the certificate, DER, of the key that the challenge `number` was for.

        A challenge is answered once, rightly or wrongly. Raises `NoChallenge`, `NotActivated`.
        """
        secret, key = self._journal.take_challenge(number)
        if not hmac.compare_digest(secret, answer):
            raise NotActivated
        builder = _certificate("Hallmark development node", _load(key), at, _KEY_DAYS, {"digital_signature": True})
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_PURPOSE]), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        certificate = made.public_bytes(serialization.Encoding.DER)
        self._journal.put_certificate(made.serial_number, certificate)
        return certificate

    def revoke(self, certificate: bytes, at: int) -> None:
        """Let a certificate of its own, DER, count no more from `at` ms on, for good; raises `NotCertified`."""
        (loaded, *_) = chain.load(certificate, _ATTESTATION)
        if not self._journal.revoke(loaded.serial_number, at):
            raise NotCertified

    def collateral(self, certificate: bytes, at: int) -> dict[str, bytes]:
        """Return what evidence under `certificate` is verified with from `at` ms on."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(_moment(at))
            .next_update(_moment(at + _LIST_DAYS * instant.DAY))
        )
        for serial, since in self._journal.revoked():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_moment(since))
            builder = builder.add_revoked_certificate(entry.build())
        revoked = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        return {"chain": certificate + self.certificate, "revocation_lists": revoked}

    def _endorsement(self, certificate: bytes, at: int) -> rsa.RSAPublicKey:
        """Return the endorsement key once a known maker certified it."""
        (loaded, *more) = chain.load(certificate, _ENDORSEMENT)
        for maker in self._makers:  # all by `swtpm_localca` bear one name, so each is tried
            with suppress(BrokenChain):
                chain.verify([loaded, *maker], frozenset({fingerprint(maker[-1].public_key())}), at, _ENDORSEMENT)
                break
        else:
            raise UnknownMaker
        key = loaded.public_key()
        if more or not isinstance(key, rsa.RSAPublicKey):
            raise BadEvidence(
                what=_ENDORSEMENT, why=Text("不是一份 RSA 密钥证书", "it is not one certificate of an RSA key")
            )
        return key


def _make_credential(endorsement: rsa.RSAPublicKey, name: bytes, secret: bytes) -> bytes:
    """Return `secret` encrypted for the TPM with that endorsement key and a key of that name (Part 1, 24)."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        (desk / "endorsement").write_bytes(
            endorsement.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        (desk / "secret").write_bytes(secret)
        program.run(
            *("tpm2_makecredential", "--tcti", "none", "--key-algorithm", "rsa", "--encryption-key", "endorsement"),
            *("--name", name.hex(), "--secret", "secret", "--credential-blob", "credential"),
            folder=desk,
        )
        return (desk / "credential").read_bytes()


def _certificate(
    subject: str, key: ec.EllipticCurvePublicKey, at: int, days: int, usage: dict[str, bool]
) -> x509.CertificateBuilder:
    """Return a certificate by this registrar, valid `days` from `at` ms, that lacks its kind and its signature."""
    none = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    ) | dict.fromkeys(("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(_NAME))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_moment(at))
        .not_valid_after(_moment(at + days * instant.DAY))
        .add_extension(x509.KeyUsage(**none | usage), critical=True)
    )


def _load(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadEvidence(what=_ATTESTATION, why=Text("不是椭圆曲线公钥", "it is no public key on an elliptic curve"))
    return key


def _load_private(der: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(der, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("a registrar's key is on an elliptic curve")
    return key


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // instant.SECOND, UTC)
