"""Bytes of evidence and collateral, changed one by one: each is refused with a reason, or says the very same.

What still passes is one of two: a byte that is written in `FREE` with why it may be anything; or another way to write
the same signed certificates and lists, as the number of unused bits in a signature (DER) or a line's end (PEM).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hallmark.attestation import chain, dcap_quote
from hallmark.attestation.claims import Claims
from hallmark.attestation.formats import Bundle
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text

_WHAT = Text("部分", "part")
_CONTAINER = "sizes and versions of a container: what is in it, report and claims, is bound by a digest"
_OTHER = "the second signature of a certificate, that of an owner: Hygon's own is the first"

# Format and part -> where bytes may be anything (from, to, why): no signature covers them, and no claim is read there.
FREE: Mapping[tuple[str, str], tuple[tuple[int, int, str], ...]] = {
    ("tpm", "public"): (
        (4, 10, "the name's hash, and attributes, of which those that count are checked: certified is the key alone"),
        (14, 18, "the scheme and its hash: the signature names its own"),
    ),
    ("azure-snp-vtpm", "hcl_report"): ((4, 32, _CONTAINER), (1216, 1224, _CONTAINER)),
    ("hygon-csv", "report"): ((1900, 2052, _OTHER), (2420, 2548, "serial number and code, said to be unchecked")),
    ("hygon-csv", "hsk_cek"): ((832 + 1564, 832 + 1716, _OTHER),),
}
# Besides, where the chip's certificate is vouched for by nobody, which is a link that the claims name as missing.
UNVOUCHED = (336, 1532, "all of the chip's certificate but its key and its identity, which signed the report")


def check(bundle: Bundle, anchors: frozenset[bytes], part: str, step: int, at: int, *, vouched: bool = True) -> int:
    """Change every `step`th byte of a part in two ways; return how many changes were refused, of how ever many."""
    name = "evidence" if part in bundle.evidence else "collateral"
    parts: Mapping[str, bytes] = getattr(bundle, name)
    honest, data, refused = _said(bundle.verify(anchors, at)), parts[part], 0
    free = (*FREE.get((bundle.format, part), ()), *(() if vouched else (UNVOUCHED,)))
    for position in range(0, len(data), step):
        for flip in (0x01, 0x80):
            changed = data[:position] + bytes([data[position] ^ flip]) + data[position + 1 :]
            try:
                said = replace(bundle, **{name: {**parts, part: changed}}).verify(anchors, at)
            except HallmarkError as error:
                assert "?" not in error.explain("en") + error.explain("zh")
                refused += 1
                continue
            assert _said(said) == honest, f"byte {position} of {part}"
            harmless = any(start <= position < end for start, end, _ in free)
            assert harmless or _signed(part, changed) == _signed(part, data), f"byte {position} of {part}"
    assert refused
    return refused


def _said(claims: Claims) -> Claims:
    """The claims without the digest of a list that Google does not sign, which shows that it was changed."""
    return replace(claims, facts={name: fact for name, fact in claims.facts.items() if name != "status_list"})


def _signed(part: str, data: bytes) -> object:
    """What is signed of a part, and the signatures: all that counts of it, however it is written."""
    return _READ.get(part, lambda whole: whole)(data)


def _certificates(data: bytes) -> object:
    return [(each.tbs_certificate_bytes, each.signature) for each in chain.load(data, _WHAT)]


def _lists(data: bytes) -> object:
    return [(each.tbs_certlist_bytes, each.signature) for each in chain.load_lists(data, _WHAT)]


def _quote(data: bytes) -> object:
    quote = dcap_quote.parse(data)
    return replace(quote, chain=b""), _certificates(quote.chain)


def _status_list(_: bytes) -> object:
    return "signed by nobody"


_READ: Mapping[str, Callable[[bytes], object]] = {
    **dict.fromkeys(("chain", "tcb_info_chain", "qe_identity_chain"), _certificates),
    **dict.fromkeys(("revocation_lists", "pck_crl", "root_crl"), _lists),
    "quote": lambda data: _quote(data) if not data.startswith(b"\xffTCG") else data,
    "status_list": _status_list,
}
