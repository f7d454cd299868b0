"""Co-signatures of checkpoints and subtrees (C2SP tlog-cosignature), by the two kinds of key.

| type | key       | signs                                                                           |
|------|-----------|---------------------------------------------------------------------------------|
| 0x04 | Ed25519   | "cosignature/v1", the time, and the checkpoint's text                           |
| 0x06 | ML-DSA-44 | "subtree/v1", the cosigner's name, the time, the origin, the range and its root |

Both mean: at `timestamp` (seconds since 1970 UTC) this was the largest consistent tree of that origin the cosigner had
seen. The first does not sign the cosigner's name, so one Ed25519 key must never serve two cosigners. The second does
not sign extension lines. A timestamp of zero, allowed for the second only, says nothing of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hallmark.kernel import keys
from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger import note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, BadNoteSignature, Signature, VerifierKey

TYPES: Mapping[int, int] = {keys.ED25519: COSIGNATURE_ED25519, keys.ML_DSA_44: COSIGNATURE_ML_DSA_44}
MAX_TIMESTAMP = 2**63 - 1
_LABEL = b"subtree/v1\n\x00"
_TIME = 8
_MAX_NAME = 255


class CannotCosign(Malformed):
    """The parts do not make a co-signature."""

    article = "C2SP tlog-cosignature"
    en = "This cannot be co-signed: {why}. Correct it and sign again."
    zh = "无法共同签署：{why}。请更正后重新签署。"


def verifier_key(name: str, key: keys.PublicKey) -> VerifierKey:
    """Return the verifier key under which `key` co-signs; raises `CannotCosign`, `BadVerifierKey`, `BadKey`."""
    if key.algorithm not in TYPES:
        raise CannotCosign(
            why=Text(
                f"算法 {key.algorithm} 没有对应的共同签名", f"algorithm {key.algorithm} has no kind of co-signature"
            )
        )
    return VerifierKey.of(name, TYPES[key.algorithm], key)


def sign(checkpoint: Checkpoint, name: str, signer: keys.Signer, timestamp: int) -> Signature:
    """Return the signature line of cosigner `name`; raises as `verifier_key`."""
    key = verifier_key(name, signer.public)
    message = _MESSAGES[key.type](name, timestamp, checkpoint)
    return Signature(name, key.id, timestamp.to_bytes(_TIME) + signer.sign(message))


def verify(key: VerifierKey, checkpoint: Checkpoint, value: bytes) -> int:
    """Return the timestamp of the co-signature `value` of `checkpoint` by `key`; raises `BadNoteSignature`."""
    if key.type not in _MESSAGES:
        raise BadNoteSignature(name=key.name, why=Text("其密钥不用于共同签名", "its key is not one for co-signatures"))
    return _verify(key, value, lambda timestamp: _MESSAGES[key.type](key.name, timestamp, checkpoint))


def sign_subtree(
    origin: str, start: int, end: int, root: bytes, name: str, signer: keys.Signer, timestamp: int = 0
) -> Signature:
    """Return the ML-DSA-44 co-signature of the subtree [start, end) with `root`; raises as `verifier_key`."""
    key = verifier_key(name, signer.public)
    if key.type != COSIGNATURE_ML_DSA_44:
        raise CannotCosign(why=Text("只有 ML-DSA-44 密钥共同签署子树", "only ML-DSA-44 keys co-sign subtrees"))
    message = _subtree_message(name, timestamp, origin, start, end, root)
    return Signature(name, key.id, timestamp.to_bytes(_TIME) + signer.sign(message))


def verify_subtree(key: VerifierKey, origin: str, start: int, end: int, root: bytes, value: bytes) -> int:
    """Return the timestamp of the co-signature `value` of a subtree by `key`; raises `BadNoteSignature`."""
    if key.type != COSIGNATURE_ML_DSA_44:
        raise BadNoteSignature(
            name=key.name, why=Text("只有 ML-DSA-44 密钥共同签署子树", "only ML-DSA-44 keys co-sign subtrees")
        )
    return _verify(key, value, lambda timestamp: _subtree_message(key.name, timestamp, origin, start, end, root))


def _verify(key: VerifierKey, value: bytes, message: Callable[[int], bytes]) -> int:
    timestamp = int.from_bytes(value[:_TIME])
    try:
        signed = message(timestamp)
    except CannotCosign as error:
        raise BadNoteSignature(name=key.name, why=error.facts.get("why")) from None
    note.verify(key, signed, value[_TIME:])
    return timestamp


def _checkpoint_message(_name: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    if not 0 <= timestamp <= MAX_TIMESTAMP:
        raise CannotCosign(why=Text("时间戳超出范围", "its timestamp is out of range"))
    return f"cosignature/v1\ntime {timestamp}\n{checkpoint.text}".encode()


def _tree_message(name: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    return _subtree_message(name, timestamp, checkpoint.origin, 0, checkpoint.size, checkpoint.root)


def _subtree_message(name: str, timestamp: int, origin: str, start: int, end: int, root: bytes) -> bytes:
    """Return the `cosigned_message` structure."""
    cosigner, log = name.encode(), origin.encode()
    if not (0 < len(cosigner) <= _MAX_NAME and 0 < len(log) <= _MAX_NAME):
        raise CannotCosign(
            why=Text(
                f"有名称或来源为空，或超过 {_MAX_NAME} 字节",
                f"a name or an origin is empty or longer than {_MAX_NAME} bytes",
            )
        )
    if not 0 <= timestamp <= MAX_TIMESTAMP or (start and timestamp):
        raise CannotCosign(why=Text("时间戳超出范围", "its timestamp is out of range"))
    if not 0 <= start <= end < 2**64 or len(root) != SIZE:
        raise CannotCosign(why=Text("其范围或根不属于一棵树", "its range or its root is not one of a tree"))
    parts = (_LABEL, bytes([len(cosigner)]), cosigner, timestamp.to_bytes(_TIME), bytes([len(log)]), log)
    return b"".join(parts) + start.to_bytes(8) + end.to_bytes(8) + root


_MESSAGES: Mapping[int, Callable[[str, int, Checkpoint], bytes]] = {
    COSIGNATURE_ED25519: _checkpoint_message,
    COSIGNATURE_ML_DSA_44: _tree_message,
}
