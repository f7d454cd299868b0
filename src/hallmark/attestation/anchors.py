"""Vendors' root keys, as published: facts a policy may choose its trust anchors from; verification itself knows none.

Each is SHA-256 over the root's SubjectPublicKeyInfo (Hygon: over x || y of its SM2 key), computed from the certificate
named as source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Root:
    """A vendor's root: its name, its key's fingerprint and where the certificate was published."""

    name: str
    fingerprint: bytes
    source: str


def _root(name: str, fingerprint: str, source: str) -> Root:
    return Root(name, bytes.fromhex(fingerprint), source)


_AMD = (
    _root(
        "ARK-Milan",
        "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
        "google/go-sev-guest @ af1c107, verify/trust/ask_ark_milan.pem",
    ),
    _root(
        "ARK-Genoa",
        "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
        "google/go-sev-guest @ af1c107, verify/trust/ask_ark_genoa.pem",
    ),
    _root(
        "ARK-Turin",
        "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
        "confidential-containers/trustee @ 78962cd, deps/verifier/src/snp/turin_ask_ark_asvk.pem",
    ),
)

# Keys are names of `formats.FORMATS`.
ROOTS: Mapping[str, tuple[Root, ...]] = {
    "sev-snp": _AMD,
    "azure-snp-vtpm": _AMD,
    "nitro": (
        _root(
            "aws.nitro-enclaves",
            "f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225",
            "evervault/attestation-doc-validation @ 084ba28; the SHA-256 of the certificate is the one that AWS prints",
        ),
    ),
    "hygon-csv": (
        _root(
            "HRK",
            "cfb7744bde61a72690c5d46410131a53ce3de8702f178c64d3152ea1e4194282",
            "confidential-containers/trustee @ 78962cd, deps/verifier/src/csv/hrk.cert",
        ),
    ),
    "android-key": (
        _root(
            "serialNumber=f92009e853b6b045",
            "feb2ea7551ee316ed4bb443c8293b884dbfdea40b603ee3e4f4a897e4580fbae",
            "google/android-key-attestation @ f9846cd, root of its chains from devices",
        ),
    ),
    "dcap": (
        _root(
            "Intel SGX Root CA",
            "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
            "Phala-Network/dcap-qvl @ 9bffe30, sample collateral as Intel's service returned it",
        ),
    ),
}
