"""Receipts of inclusion (COSE Receipts, RFC 9942, as SCITT, RFC 9943, has them): one log key vouches for one leaf.

COSE_Sign1 with detached payload, the root, which the verifier computes from the leaf and the path.

Protected header, nothing more and nothing less: 1 algorithm, 4 key identifier, 15 CWT claims {1 issuer: the log's
origin, 2 subject: the environment, "size": the size of the tree}, 395 verifiable data structure: 1 (RFC9162_SHA256).
Unprotected header: 396 {-1: [one proof]}, where a proof is the encoded array [size, index, path].

RFC 9942 leaves the size outside the signature, and a leaf then proves at other positions of other sizes (leaf 4 of 5 at
1 of 2). So the size is signed too, and must be the size of the proof: then the path fixes the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hallmark.kernel import canonical, keys
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, root_of_path, verify_inclusion

_ALG, _KID, _CWT_CLAIMS, _VDS, _VDP = 1, 4, 15, 395, 396
_ISS, _SUB, _TREE_SIZE = 1, 2, "size"
_RFC9162_SHA256 = 1
_INCLUSION = -1
_MAX_PATH = 63


class BadReceipt(Malformed):
    """The bytes are not a receipt of inclusion."""

    article = "RFC 9942 section 5.2"
    en = "This is not a receipt of inclusion: {why}. Fetch the receipt again."
    zh = "这不是有效的收录回执：{why}。请重新获取该回执。"


class WrongReceipt(Unverified):
    """The receipt is another log's, another environment's, another key's, or another entry's."""

    article = "RFC 9942 section 5.2"
    en = "The receipt does not show that the entry is in the ledger {origin}: {why}. Do not rely on it."
    zh = "该回执不能证明条目已收录于账本 {origin}：{why}。请勿信赖。"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The `path` from the leaf at `index` to the root of the first `size` entries of the log `origin`, signed."""

    origin: str
    environment: str
    size: int
    index: int
    path: tuple[bytes, ...]
    algorithm: int
    key_id: bytes
    signature: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes of the receipt."""
        proof = canonical.encode([self.size, self.index, self.path])
        content = [self._protected(), {_VDP: {_INCLUSION: [proof]}}, None, self.signature]
        return canonical.encode(canonical.Tag(canonical.COSE_SIGN1, content))

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """Return the receipt whose only encoding is `data`; raises `BadReceipt`, `NotCanonical`."""
        envelope = canonical.decode(data, what=Text("收据", "receipt"))
        match envelope:
            case canonical.Tag(value=[bytes(protected), {396: {-1: [bytes(proof)]}}, None, bytes(signature)]):
                header = canonical.decode(protected, what=Text("受保护头", "protected header"))
                position = canonical.decode(proof, what=Text("包含证明", "inclusion proof"))
            case _:
                raise BadReceipt(
                    why=Text(
                        "不是带一个包含证明、载荷分离的 COSE_Sign1",
                        "it is not a COSE_Sign1 with one inclusion proof and a detached payload",
                    )
                )
        match header, position:
            case {1: algorithm, 4: bytes(key_id), 15: {1: str(origin), 2: str(environment)}}, [size, index, list(path)]:
                if not all(type(number) is int for number in (algorithm, size, index)):
                    raise BadReceipt(
                        why=Text("其算法、大小或位置不是整数", "its algorithm, size or index is not an integer")
                    )
            case _:
                raise BadReceipt(
                    why=Text("受保护头或包含证明不完整", "its protected header or its inclusion proof is not complete")
                )
        if len(path) > _MAX_PATH or not all(type(item) is bytes and len(item) == SIZE for item in path):
            raise BadReceipt(
                why=Text("其路径不是至多 63 个 32 字节哈希值", "its path is not up to 63 hashes of 32 bytes")
            )
        receipt = cls(origin, environment, size, index, tuple(path), algorithm, key_id, signature)
        if receipt.encode() != data:
            raise BadReceipt(
                why=Text(
                    "所含内容多于收据所许，或大小与证明不同",
                    "it holds more than a receipt may, or another size than its proof",
                )
            )
        return receipt

    def verify(self, entry: bytes, key: keys.PublicKey, origin: str, environment: str) -> None:
        """Raise unless `key`, of the log `origin` in `environment`, vouches that `entry` stands at `index` of `size`.

        Raises `WrongReceipt`, `OutsideTree`, `WrongPathLength`.
        """
        if (self.origin, self.environment) != (origin, environment):
            raise WrongReceipt(
                origin=origin, why=Text("属于另一账本或另一环境", "it is of another ledger or another environment")
            )
        if (self.algorithm, self.key_id) != (key.algorithm, key.id):
            raise WrongReceipt(origin=origin, why=Text("它指明的是另一密钥", "it names another key"))
        try:
            key.verify(self._signed(root_of_path(leaf_hash(entry), self.index, self.size, self.path)), self.signature)
        except keys.BadSignature as error:
            raise WrongReceipt(origin=origin, why=error.facts.get("why")) from None

    def _protected(self) -> bytes:
        claims = {_ISS: self.origin, _SUB: self.environment, _TREE_SIZE: self.size}
        return canonical.encode({_ALG: self.algorithm, _KID: self.key_id, _CWT_CLAIMS: claims, _VDS: _RFC9162_SHA256})

    def _signed(self, root: bytes) -> bytes:
        """Return what is signed (RFC 9052 section 4.4)."""
        return canonical.encode(["Signature1", self._protected(), b"", root])


def issue(
    entry: bytes, index: int, path: Sequence[bytes], checkpoint: Checkpoint, environment: str, signer: keys.Signer
) -> Receipt:
    """Return the receipt of `entry`, at `index` of the tree of `checkpoint`, under the log's key.

    Raises as `verify_inclusion` where the path does not lead to the root: nothing else is ever signed.
    """
    verify_inclusion(leaf_hash(entry), index, checkpoint.size, path, checkpoint.root)
    draft = Receipt(
        checkpoint.origin,
        environment,
        checkpoint.size,
        index,
        tuple(path),
        signer.public.algorithm,
        signer.public.id,
    )
    return replace(draft, signature=signer.sign(draft._signed(checkpoint.root)))  # noqa: SLF001 - the same module
