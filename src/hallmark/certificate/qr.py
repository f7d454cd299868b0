"""The printed code: proof that a certificate was issued, in one QR code. It never says whether it is still in force.

`HM1:` and the Base45 of a raw deflate stream (RFC 1951) with the preset dictionary `preset.DICTIONARY`, at most 1,500
bytes long, over one of two canonical CBOR values:

- proof: [1, the `certificate.issued` entry, its index, its path as one byte string, the size of the log, the extension
  lines of the checkpoint, [[4-byte key identifier, signature], ...]]. Origin and names come from the trust bundle, the
  root from entry and path; the signatures are over both.
- reference: [2, number, 32-byte record digest, address]. It proves nothing and says where to look.

Meant for error correction level M.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hallmark.certificate import base45
from hallmark.certificate.form import ProvenEntry
from hallmark.certificate.preset import DICTIONARY
from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, root_of_path
from hallmark.ledger.note import MAX_SIGNATURES, Note, Signature, VerifierKey
from hallmark.statement.certificate import CERTIFICATE
from hallmark.statement.shape import DIGEST, ListOf, Octets, Whole, Words

PREFIX = "HM1:"
MAX_PRINTED = 1_500  # bytes before Base45
MAX_CONTENT = 16 * 1024  # bytes inflated
_PROOF, _REFERENCE = 1, 2
_KEY_ID = 4
_RAW = -zlib.MAX_WBITS
_MOST_CHARACTERS = len(PREFIX) + (MAX_PRINTED + 1) // 2 * 3
_SIGNATURE = Octets(0, 4096)
_EXTENSIONS = ListOf(Words(200), 0, 8)
_ADDRESS = Words(200)


class BadPrinted(Malformed):
    """The text is not a printed code."""

    en = "This is not the code of a Hallmark certificate: {why}. Scan it again, or use the file the body sent."
    zh = "这不是 Hallmark 证书的二维码：{why}。请重新扫描，或使用认证机构发出的文件。"


class TooLargeToPrint(Malformed):
    """The proof does not fit into one printed code."""

    en = (
        "The proof takes {size} bytes, more than the {limit} that one printed code holds. "
        "Print the reference instead: number, record digest and address; it proves nothing by itself."
    )
    zh = (
        "该证明需 {size} 字节，超过单个印刷二维码的 {limit} 字节上限。"
        "请改印引用码：编号、记录摘要与地址；其本身不证明任何事项。"
    )


@dataclass(frozen=True, slots=True)
class PrintedProof:
    """A parsed proof; nothing is verified yet but its form."""

    issued: ProvenEntry
    size: int
    extensions: tuple[str, ...]
    signatures: tuple[tuple[bytes, bytes], ...]

    def note(self, origin: str, keys: Iterable[VerifierKey]) -> Note:
        """Return the checkpoint of the log `origin` that the proof stands under, with the signatures of known `keys`.

        Raises `BadNote` where there are none, and as `root_of_path`.
        """
        known = list(keys)
        root = root_of_path(leaf_hash(self.issued.encoded), self.issued.index, self.size, self.issued.path)
        signatures = tuple(
            Signature(key.name, identifier, value)
            for identifier, value in self.signatures
            for key in known
            if key.id == identifier
        )
        return Note(Checkpoint(origin, self.size, root, self.extensions).text, signatures)


@dataclass(frozen=True, slots=True)
class PrintedReference:
    """Where to ask about a certificate; it proves nothing."""

    number: str
    record_digest: bytes
    address: str


def encode_proof(issued: ProvenEntry, checkpoint: Note) -> str:
    """Return the text of the code that proves `issued` under `checkpoint`; raises `TooLargeToPrint`, `NotIncluded`."""
    head = Checkpoint.parse(checkpoint.text)
    issued.verify(head)
    signatures = [[signature.key_id, signature.value] for signature in checkpoint.signatures]
    path = b"".join(issued.path)
    return _encode([_PROOF, issued.encoded, issued.index, path, head.size, list(head.extensions), signatures])


def encode_reference(number: str, record_digest: bytes, address: str) -> str:
    """Return the text of the code that only says where to ask; raises `BadClaim`, `TooLargeToPrint`."""
    _check_reference(number, record_digest, address)
    return _encode([_REFERENCE, number, record_digest, address])


def parse(text: str) -> PrintedProof | PrintedReference:
    """Return what the code says; raises `BadPrinted`, `BadBase45`, `NotCanonical`, `BadClaim`."""
    if not text.startswith(PREFIX) or len(text) > _MOST_CHARACTERS:
        raise BadPrinted(why=Text("其开头不是 HM1:，或过长", "it does not begin with HM1:, or is too long"))
    value = canonical.decode(_inflate(base45.decode(text[len(PREFIX) :])), what=Text("印刷的二维码", "printed code"))
    match value:
        case [1, bytes(encoded), index, bytes(path), size, list(extensions), list(signatures)] if value[0] is not True:
            return _proof(encoded, index, path, size, extensions, signatures)
        case [2, str(number), bytes(digest), str(address)]:
            _check_reference(number, digest, address)
            return PrintedReference(number, digest, address)
    raise BadPrinted(why=Text("其内容既非证明亦非引用", "it holds neither a proof nor a reference"))


def _proof(
    encoded: bytes, index: Any, path: bytes, size: Any, extensions: list[Any], signatures: list[Any]
) -> PrintedProof:
    _EXTENSIONS.check(extensions, "extensions")
    Whole(0, 2**62).check(size, "size of the log")
    if len(signatures) > MAX_SIGNATURES or len(path) % SIZE:
        raise BadPrinted(why=Text("签名过多，或路径残缺", "it has too many signatures, or a path cut short"))
    for signature in signatures:
        match signature:
            case [bytes(identifier), bytes(value)] if len(identifier) == _KEY_ID:
                _SIGNATURE.check(value, "signature")
            case _:
                raise BadPrinted(why=Text("签名残缺", "a signature is not a key identifier and bytes"))
    hashes = [path[at : at + SIZE] for at in range(0, len(path), SIZE)]
    issued = ProvenEntry.from_value([encoded, index, hashes], "issued")
    return PrintedProof(issued, size, tuple(extensions), tuple((each[0], each[1]) for each in signatures))


def _check_reference(number: str, digest: bytes, address: str) -> None:
    CERTIFICATE.check(number, "number")
    DIGEST.check(digest, "record digest")
    _ADDRESS.check(address, "address")


def _encode(value: list[Any]) -> str:
    deflater = zlib.compressobj(9, zlib.DEFLATED, _RAW, 9, zdict=DICTIONARY)
    data = deflater.compress(canonical.encode(value)) + deflater.flush()
    if len(data) > MAX_PRINTED:
        raise TooLargeToPrint(size=len(data), limit=MAX_PRINTED)
    return PREFIX + base45.encode(data)


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(_RAW, zdict=DICTIONARY)
    try:
        content = inflater.decompress(data, MAX_CONTENT)
    except zlib.error:
        raise BadPrinted(why=Text("压缩数据有误", "its compressed bytes are damaged")) from None
    if not inflater.eof or inflater.unused_data:
        raise BadPrinted(why=Text("压缩数据残缺或过长", "its compressed bytes are cut short or hold too much"))
    return content
