"""Who is in the simulated market, with keys that are the same every time, and small claims about them and their things.

Named people: Alice and Bob work for the manufacturer Lotus, Charlie for the manufacturer Jade. Dora is case officer,
Erin auditor, Frank reviewer, Grace and Kate decision makers and Henry responsible person of the body Northern; Ivan
tests and Judy signs at the laboratory Meridian. Mallory is enrolled and nobody's.
"""

from __future__ import annotations

import hashlib

from hallmark.kernel import identifier
from hallmark.kernel.keys import SoftwareSigner

ORGANISATIONS = ("operator", "bank", "lotus", "jade", "northern", "southern", "meridian", "zenith")
PEOPLE = (
    "alice", "bob", "charlie", "dora", "erin", "frank", "grace", "henry", "ivan", "judy", "kate", "mallory",
)  # fmt: skip
BODY_STAFF = {
    "dora": "case_officer",
    "erin": "auditor",
    "frank": "reviewer",
    "grace": "decision_maker",
    "henry": "responsible_person",
    "kate": "decision_maker",
}
LABORATORY_STAFF = {"ivan": "tester", "judy": "authorised_signatory"}


def org(name: str) -> str:
    """Return the identifier of an organisation of the market."""
    return identifier.from_seed("ORG", name.encode())


def person(name: str) -> str:
    """Return the identifier of a person of the market."""
    return identifier.from_seed("PERSON", name.encode())


def key(name: str) -> SoftwareSigner:
    """Return the key of an organisation or a person; the same every time."""
    return SoftwareSigner.from_seed(hashlib.sha256(f"key of {name}".encode()).digest())


def name(en: str, zh: str = "模拟") -> dict[str, str]:
    """Return a name in both languages."""
    return {"zh": f"{zh}{en}", "en": en.title()}


def public(signer: SoftwareSigner) -> dict[str, object]:
    """Return the key claim of a signer."""
    return {"algorithm": signer.public.algorithm, "material": signer.public.material}


def build(role: str = "package", content: bytes = b"the build") -> dict[str, object]:
    """Return a build claim."""
    digest = hashlib.sha256(content).digest()
    return {"role": role, "name": f"{role}.bin", "size": len(content), "sha256": digest}


def evidence(title: str) -> dict[str, object]:
    """Return an evidence claim."""
    digest = hashlib.sha256(title.encode()).digest()
    return {"title": title, "sha256": digest, "size": len(title), "address": digest[::-1]}
