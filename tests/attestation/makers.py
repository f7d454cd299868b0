"""Evidence made here, with our own keys and our own small certification authority, in every format's own bytes."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hallmark.attestation import hygon_csv, sm2
from hallmark.attestation.formats import Bundle
from hallmark.attestation.signature import fingerprint
from hallmark.kernel import canonical, instant

AT = 1_750_000_000_000  # 15 June 2025
REPORT_DATA = bytes(range(64))


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x80 | (size.bit_length() + 7) // 8])
    if size >= 0x80:
        length += size.to_bytes((size.bit_length() + 7) // 8)
    head = bytes([tag]) if tag < 0x100 else tag.to_bytes((tag.bit_length() + 7) // 8)
    return head + length + content


def number(value: int, tag: int = 2) -> bytes:
    return der(tag, value.to_bytes(value.bit_length() // 8 + 1))


def oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    content = b""
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return der(6, content)


def explicit(tag: int, content: bytes) -> bytes:
    head = 0xA0 | tag if tag < 31 else 0xBF << 16 | (0x80 | tag >> 7) << 8 | tag & 0x7F
    return der(head, content)


@cache
def ec_key(seed: int, curve: type[ec.EllipticCurve] = ec.SECP384R1) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(seed, curve())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def raw(key: ec.EllipticCurvePrivateKey, message: bytes, algorithm: hashes.HashAlgorithm, order: str = "big") -> bytes:
    """The signature as r || s, each as long as the order, or 72 bytes each where little-endian as AMD writes it."""
    size = (key.curve.key_size + 7) // 8 if order == "big" else 72
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm)))
    return r.to_bytes(size, order) + s.to_bytes(size, order)


def xy(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]


class Authority:
    """A root and an issuing authority under it, ten days around `AT`."""

    def __init__(self, seed: int = 1, since: int = AT - 10 * instant.DAY, until: int = AT + 10 * instant.DAY) -> None:
        self.since, self.until = since, until
        self.root_key, self.issuing_key = ec_key(seed), ec_key(seed + 1)
        self.root = self._certificate("Root", self.root_key, "Root", self.root_key, authority=True)
        self.issuing = self._certificate("Issuing", self.issuing_key, "Root", self.root_key, authority=True)

    @property
    def anchors(self) -> frozenset[bytes]:
        return frozenset({fingerprint(self.root_key.public_key())})

    def leaf(self, key, name: str = "Leaf", extensions=(), *, under_root: bool = False, serial: int = 77):
        issuer, signer = ("Root", self.root_key) if under_root else ("Issuing", self.issuing_key)
        return self._certificate(name, key, issuer, signer, extensions=extensions, serial=serial)

    def chain(self, leaf, *, under_root: bool = False) -> bytes:
        chain = [leaf, self.root] if under_root else [leaf, self.issuing, self.root]
        return b"".join(item.public_bytes(serialization.Encoding.DER) for item in chain)

    def revocation_list(self, *serials: int, root: bool = False, since: int = 0, until: int = 0) -> bytes:
        key = self.root_key if root else self.issuing_key
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(_name("Root" if root else "Issuing"))
            .last_update(moment(since or self.since))
            .next_update(moment(until or self.until))
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment(self.since))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)

    def _certificate(
        self, name, key, issuer, signer, *, authority=False, extensions=(), serial=5, critical=False, algorithm=None
    ):
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(moment(self.since))
            .not_valid_after(moment(self.until))
        )
        if authority:
            builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        for identifier, value in extensions:
            extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(identifier), value)
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, algorithm or hashes.SHA384())


def serialise(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


# --- TPM 2.0


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


ATTESTS = "2.5.29.37", der(0x30, oid("2.23.133.8.3"))  # extended key usage: tcg-kp-AIKCertificate
PCRS = tuple(bytes([value]) * 32 for value in (1, 2, 3))


def tpm_quote(extra: bytes, pcrs=PCRS, firmware: int = 7) -> bytes:
    selection = (1).to_bytes(4) + b"\x00\x0b\x03" + b"\x83\x00\x00"  # SHA-256: registers 0, 1 and 7
    clock = (9).to_bytes(8) + (4).to_bytes(4) + (5).to_bytes(4) + b"\x01"
    digest = hashlib.sha256(b"".join(pcrs)).digest()
    head = b"\xffTCG\x80\x18" + sized(b"\x00\x0b" + bytes(32)) + sized(extra) + clock
    return head + firmware.to_bytes(8) + selection + sized(digest)


def tpm_public(key, attributes: int = 0x50072) -> bytes:
    head = b"\x00\x0b" + attributes.to_bytes(4) + sized(b"") + b"\x00\x10"
    if isinstance(key, rsa.RSAPrivateKey):
        modulus = key.public_key().public_numbers().n.to_bytes(256)
        return sized(b"\x00\x01" + head + b"\x00\x14\x00\x0b" + b"\x08\x00" + bytes(4) + sized(modulus))
    point = xy(key)
    return sized(b"\x00\x23" + head + b"\x00\x18\x00\x0b" + b"\x00\x03\x00\x10" + sized(point[:32]) + sized(point[32:]))


def tpm_signature(key, quote: bytes, *, pss: bool = False) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        head = b"\x00\x16\x00\x0b" if pss else b"\x00\x14\x00\x0b"
        return head + sized(key.sign(quote, scheme, hashes.SHA256()))
    signed = raw(key, quote, hashes.SHA256())
    return b"\x00\x18\x00\x0b" + sized(signed[:32]) + sized(signed[32:])


def tpm(authority: Authority | None = None, report_data: bytes = REPORT_DATA, *, key=None, pss: bool = False) -> Bundle:
    key = key or ec_key(20, ec.SECP256R1)
    quote = tpm_quote(hashlib.sha256(report_data).digest())
    evidence = {"quote": quote, "signature": tpm_signature(key, quote, pss=pss), "public": tpm_public(key)}
    evidence["pcrs"] = b"".join(PCRS)
    if authority is None:
        return Bundle("tpm", evidence, {})
    lists = authority.revocation_list() + authority.revocation_list(root=True)
    chain = authority.chain(authority.leaf(key, extensions=[ATTESTS]))
    return Bundle("tpm", evidence, {"chain": chain, "revocation_lists": lists})


# --- AMD SEV-SNP

_ARC = "1.3.6.1.4.1.3704.1"
CHIP = bytes(range(100, 164))
TCB = {"1": 3, "2": 1, "3": 8, "8": 115}


def snp_report(
    key,
    report_data: bytes,
    *,
    version=3,
    policy=0x30000,
    vmpl=0,
    signer=0,
    cpu=0x19,
    tcb=None,
    measurement=b"",
    chip=b"",
    **tcbs,
) -> bytes:
    report, tcb = bytearray(0x2A0), tcb or bytes([3, 1, 0, 0, 0, 0, 8, 115])

    def put(at: int, data: bytes) -> None:
        report[at : at + len(data)] = data

    put(0, version.to_bytes(4, "little") + (2).to_bytes(4, "little") + policy.to_bytes(8, "little"))
    put(0x30, vmpl.to_bytes(4, "little") + (1).to_bytes(4, "little"))
    for at, name in ((0x38, "current"), (0x180, "reported"), (0x1E0, "committed"), (0x1F0, "launch")):
        put(at, tcbs.get(name, tcb))
    put(0x48, (signer << 2).to_bytes(4, "little"))
    put(0x50, report_data)
    put(0x90, measurement or b"\x4d" * 48)
    put(0x188, bytes([cpu]))
    put(0x1A0, chip or CHIP)
    return bytes(report) + raw(key, bytes(report), hashes.SHA384(), "little").ljust(512, b"\x00")


def snp_leaf(authority: Authority, key, *, vlek: bool = False, chip: bytes = CHIP, tcb=None):
    extensions = [(f"{_ARC}.3.{number_}", number(value)) for number_, value in (tcb or TCB).items()]
    extensions.append((f"{_ARC}.5", b"\x16\x05cloud") if vlek else (f"{_ARC}.4", chip))
    return authority.leaf(key, "SEV-VLEK" if vlek else "SEV-VCEK", extensions)


def snp(authority: Authority, report_data: bytes = REPORT_DATA, *, vlek: bool = False, **fields) -> Bundle:
    key = ec_key(30)
    report = snp_report(key, report_data, signer=int(vlek), **fields)
    collateral = {"chain": authority.chain(snp_leaf(authority, key, vlek=vlek))}
    return Bundle(
        "sev-snp", {"report": report}, collateral | {"revocation_lists": authority.revocation_list(root=True)}
    )


# --- Azure


def hcl_report(report: bytes, runtime: bytes) -> bytes:
    sizes = (0, 1, 2, 1, len(runtime))
    return b"HCLA" + bytes(28) + report + b"".join(size.to_bytes(4, "little") for size in sizes) + runtime + bytes(64)


def azure(authority: Authority, report_data: bytes = REPORT_DATA, *, kid: str = "HCLAkPub", **fields) -> Bundle:
    key = rsa_key()
    modulus = key.public_key().public_numbers().n.to_bytes(256)
    ak = {"kid": kid, "kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(modulus).decode().rstrip("=")}
    runtime = json.dumps({"keys": [ak], "vm-configuration": {"secure-boot": True}}).encode()
    machine = snp(authority, hashlib.sha256(runtime).digest(), **fields)
    quote = tpm_quote(hashlib.sha256(report_data).digest())
    evidence = {"hcl_report": hcl_report(machine.evidence["report"], runtime), "quote": quote}
    evidence["signature"] = key.sign(quote, padding.PKCS1v15(), hashes.SHA256())
    return Bundle("azure-snp-vtpm", evidence | {"pcrs": b"".join(PCRS)}, machine.collateral)


# --- AWS Nitro


def nitro(authority: Authority, report_data: bytes = REPORT_DATA, *, pcr0: bytes = b"\x01" * 48, **fields) -> Bundle:
    key = ec_key(40)
    chain = [authority.leaf(key), authority.issuing, authority.root]
    leaf, *bundle = [item.public_bytes(serialization.Encoding.DER) for item in chain]
    document = {"module_id": "i-0", "digest": "SHA384", "timestamp": AT, "pcrs": {0: pcr0, 1: bytes(48), 2: bytes(48)}}
    document |= {"certificate": leaf, "cabundle": bundle[::-1], "user_data": report_data, "nonce": None} | fields
    protected, payload = canonical.encode({1: -35}), canonical.encode(document)
    signed = raw(key, canonical.encode(["Signature1", protected, b"", payload]), hashes.SHA384())
    return Bundle("nitro", {"document": canonical.encode([protected, {}, payload, signed])}, {})


# --- Hygon CSV


def sm2_point(secret: int) -> sm2.Point:
    x, y, z = sm2._sum_of_products(secret, sm2.G, 0, sm2.G)
    return x * pow(z, -2, sm2.P) % sm2.P, y * pow(z, -3, sm2.P) % sm2.P


def sm2_sign(secret: int, identity: bytes, message: bytes, k: int = 0x1234567) -> tuple[int, int]:
    """GB/T 32918.2 section 6, with a nonce that is no secret: for tests alone."""
    e = int.from_bytes(sm2.sm3(sm2.identity_digest(identity, sm2_point(secret)) + message))
    r = (e + sm2_point(k)[0]) % sm2.N
    return r, pow(1 + secret, -1, sm2.N) * (k - r * secret) % sm2.N


@dataclass(frozen=True)
class HygonKey:
    secret: int
    usage: int

    @property
    def identity(self) -> bytes:
        return b"HYGON-SSD-%x" % self.usage

    def field(self) -> bytes:
        coordinates = b"".join(value.to_bytes(72, "little") for value in sm2_point(self.secret))
        return (
            (3).to_bytes(4, "little")
            + coordinates
            + len(self.identity).to_bytes(2, "little")
            + self.identity.ljust(254, b"\0")
        )

    def sign(self, message: bytes) -> bytes:
        return b"".join(value.to_bytes(72, "little") for value in sm2_sign(self.secret, self.identity, message))


HRK_KEY, HSK_KEY = HygonKey(3, hygon_csv.HRK), HygonKey(4, hygon_csv.HSK)
CEK_KEY, PEK_KEY = HygonKey(5, hygon_csv.CEK), HygonKey(6, hygon_csv.PEK)


def hygon_root(key: HygonKey, issuer: HygonKey) -> bytes:
    body = (
        (1).to_bytes(4, "little") + bytes(32) + key.usage.to_bytes(4, "little") + bytes(24) + key.field() + bytes(108)
    )
    return body + issuer.sign(body) + bytes(112)


def hygon_certificate(key: HygonKey, issuer: HygonKey) -> bytes:
    body = b"\1\0\0\0\1\3\0\0" + key.usage.to_bytes(4, "little") + (4).to_bytes(4, "little") + key.field()
    body = body.ljust(1044, b"\0")
    signed = issuer.usage.to_bytes(4, "little") + (4).to_bytes(4, "little") + issuer.sign(body) + bytes(368)
    return body + signed + (0x1000).to_bytes(4, "little") + bytes(516)


def hygon_anchors() -> frozenset[bytes]:
    return frozenset({hygon_csv.parse_root(hygon_root(HRK_KEY, HRK_KEY)).fingerprint})


def hygon(report_data: bytes = REPORT_DATA, *, policy: int = 0x45, chain: bool = True, masked: bool = True) -> Bundle:
    nonce = bytes.fromhex("26d7c75d")

    def mask(data: bytes) -> bytes:
        return bytes(byte ^ nonce[at % 4] for at, byte in enumerate(data))

    fields = mask(bytes(64) + report_data + bytes(16) + b"\x4d" * 32 + policy.to_bytes(4, "little"))
    words = mask((hygon_csv.PEK).to_bytes(4, "little") + (4).to_bytes(4, "little"))
    pek = hygon_certificate(PEK_KEY, CEK_KEY)
    report = fields + words + nonce + PEK_KEY.sign(fields) + (mask(pek) if masked else pek) + bytes(128)
    both = hygon_root(HSK_KEY, HRK_KEY) + hygon_certificate(CEK_KEY, HSK_KEY)
    collateral = {"hsk_cek": both, "hrk": hygon_root(HRK_KEY, HRK_KEY)} if chain else {}
    return Bundle("hygon-csv", {"report": report}, collateral)


# --- Android


def key_description(
    challenge: bytes, *, locked: bool = True, state: int = 0, level: int = 1, key_level: int = 1, extra: bytes = b""
) -> bytes:
    trust = der(
        0x30, der(4, b"\x11" * 32), der(1, b"\xff" if locked else b"\0"), number(state, 10), der(4, b"\x22" * 32)
    )
    hardware = der(0x30, explicit(702, number(0)), explicit(704, trust), explicit(706, number(202506)), extra)
    packages = der(0x31, der(0x30, der(4, b"example.pay"), number(3)))
    application = der(0x30, packages, der(0x31, der(4, b"\x33" * 32)))
    software = der(0x30, explicit(709, der(4, application)))
    head = number(4), number(level, 10), number(41), number(key_level, 10), der(4, challenge), der(4, b"")
    return der(0x30, *head, software, hardware)


def android(authority: Authority, report_data: bytes = REPORT_DATA, *, description: bytes = b"", **fields) -> Bundle:
    extension = "1.3.6.1.4.1.11129.2.1.17", description or key_description(report_data, **fields)
    chain = authority.chain(authority.leaf(ec_key(50, ec.SECP256R1), "Android Keystore Key", [extension]))
    return Bundle("android-key", {"chain": chain}, {"status_list": b'{"entries": {"c0ffee": {"status": "REVOKED"}}}'})
