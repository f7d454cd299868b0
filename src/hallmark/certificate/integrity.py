"""Data Integrity proofs, cryptosuite `eddsa-jcs-2022` (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.certificate import jcs, multikey
from hallmark.kernel import hashing, keys
from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text

SUITE = "eddsa-jcs-2022"
_OPTIONS = ("type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "@context")


class BadProof(Unverified):
    """A document's proof does not verify."""

    article = "W3C Data Integrity EdDSA Cryptosuites 1.0 section 3.3"
    en = "The proof of this document does not verify: {why}. Do not rely on the document."
    zh = "该文件的证明未通过验证：{why}。请勿信赖该文件。"


def secure(document: Mapping[str, Any], method: str, created: str, signer: keys.Signer) -> dict[str, Any]:
    """Return `document` with a proof by `signer`, an Ed25519 key that is the verification method `method`.

    `created` is RFC 3339 text. Raises `NotEd25519`, `BadJson`.
    """
    multikey.encode(signer.public)
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "@context": document["@context"],
    }
    value = multikey.to_base58(signer.sign(_signed(document, options)))
    return {**document, "proof": {**options, "proofValue": value}}


def method_of(secured: Mapping[str, Any]) -> str:
    """Return the verification method that the proof of `secured` names; raises `BadProof` for a proof of other form."""
    match secured.get("proof"):
        case {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "proofPurpose": "assertionMethod",
            "created": str(),
            "verificationMethod": str(method),
            "@context": context,
            "proofValue": str(),
        } if len(secured["proof"]) == len(_OPTIONS) + 1 and context == secured.get("@context"):
            return method
    why = Text("它不是恰好一个 eddsa-jcs-2022 断言证明", "it is not exactly one eddsa-jcs-2022 proof of an assertion")
    raise BadProof(why=why)


def verify(secured: Mapping[str, Any], key: keys.PublicKey) -> dict[str, Any]:
    """Return the document without its proof, which `key` made; raises `BadProof`, `BadMultikey`, `BadJson`."""
    method_of(secured)
    document = {name: value for name, value in secured.items() if name != "proof"}
    options = {name: secured["proof"][name] for name in _OPTIONS}
    signature = multikey.from_base58(secured["proof"]["proofValue"])
    try:
        key.verify(_signed(document, options), signature)
    except keys.BadSignature as error:
        raise BadProof(why=error.facts["why"]) from None
    return document


def _signed(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Return the 64 bytes that are signed: the digests of the proof's options and of the document."""
    return hashing.sha256(jcs.encode(options)) + hashing.sha256(jcs.encode(document))
