"""Co-signatures against C2SP tlog-cosignature."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from hallmark.kernel import keys
from hallmark.ledger import cosignature, note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.cosignature import CannotCosign
from hallmark.ledger.note import BadNoteSignature, Signature, VerifierKey

ROOT = bytes(range(32))
CHECKPOINT = Checkpoint("example.com/behind-the-sofa", 20_852_163, ROOT)
TIME = 1_679_315_147
ED25519 = keys.SoftwareSigner.from_seed(bytes(32))
ML_DSA_44 = keys.SoftwareSigner.from_seed(bytes(32), keys.ML_DSA_44)
BOTH = pytest.mark.parametrize("signer", [ED25519, ML_DSA_44], ids=["Ed25519", "ML-DSA-44"])


def cosigned(signer: keys.SoftwareSigner, checkpoint: Checkpoint = CHECKPOINT) -> tuple[VerifierKey, Signature]:
    key = cosignature.verifier_key("witness.example.com/w1", signer.public)
    return key, cosignature.sign(checkpoint, key.name, signer, TIME)


def test_ed25519_signs_the_lines_of_the_specification() -> None:
    key, signature = cosigned(ED25519)
    message = f"cosignature/v1\ntime {TIME}\n{CHECKPOINT.text}".encode()
    assert signature.value[:8] == struct.pack(">Q", TIME)
    ED25519.public.verify(message, signature.value[8:])
    assert (key.type, len(signature.value)) == (0x04, 72)


def test_ml_dsa_44_signs_the_structure_of_the_specification() -> None:
    key, signature = cosigned(ML_DSA_44)
    name, origin = key.name.encode(), CHECKPOINT.origin.encode()
    message = b"subtree/v1\n\x00" + struct.pack(
        f">B{len(name)}sQB{len(origin)}sQQ32s", len(name), name, TIME, len(origin), origin, 0, CHECKPOINT.size, ROOT
    )
    ML_DSA_44.public.verify(message, signature.value[8:])
    assert (key.type, len(signature.value)) == (0x06, 8 + 2420)


@BOTH
def test_a_cosignature_tells_its_time(signer: keys.SoftwareSigner) -> None:
    key, signature = cosigned(signer)
    assert cosignature.verify(key, CHECKPOINT, signature.value) == TIME
    assert signature.key_id == key.id
    assert VerifierKey.parse(key.text) == key


@BOTH
@pytest.mark.parametrize(
    "change", [{"origin": "example.com/other"}, {"size": 20_852_164}, {"root": bytes(32)}], ids=str
)
def test_it_is_of_this_checkpoint_only(signer: keys.SoftwareSigner, change: dict[str, object]) -> None:
    key, signature = cosigned(signer)
    with pytest.raises(BadNoteSignature):
        cosignature.verify(key, dataclasses.replace(CHECKPOINT, **change), signature.value)


@BOTH
def test_its_time_cannot_be_changed(signer: keys.SoftwareSigner) -> None:
    key, signature = cosigned(signer)
    for time in (0, TIME + 1, 2**63, 2**64 - 1):
        with pytest.raises(BadNoteSignature):
            cosignature.verify(key, CHECKPOINT, struct.pack(">Q", time) + signature.value[8:])
    for short in (b"", signature.value[:7], signature.value[:8], signature.value[:-1], signature.value + b"\x00"):
        with pytest.raises(BadNoteSignature):
            cosignature.verify(key, CHECKPOINT, short)


def test_only_ed25519_signs_extension_lines_and_only_ml_dsa_the_name() -> None:
    extended = dataclasses.replace(CHECKPOINT, extensions=("extension",))
    key, signature = cosigned(ML_DSA_44)
    assert cosignature.verify(key, extended, signature.value) == TIME
    with pytest.raises(BadNoteSignature):
        cosignature.verify(dataclasses.replace(key, name="w2"), CHECKPOINT, signature.value)
    key, signature = cosigned(ED25519)
    with pytest.raises(BadNoteSignature):
        cosignature.verify(key, extended, signature.value)
    assert cosignature.verify(dataclasses.replace(key, name="w2"), CHECKPOINT, signature.value) == TIME


def test_subtrees_are_cosigned_by_ml_dsa_44_without_time() -> None:
    key, _ = cosigned(ML_DSA_44)
    signature = cosignature.sign_subtree("o", 8, 13, ROOT, key.name, ML_DSA_44)
    assert cosignature.verify_subtree(key, "o", 8, 13, ROOT, signature.value) == 0
    for wrong in (("p", 8, 13, ROOT), ("o", 8, 14, ROOT), ("o", 0, 13, ROOT), ("o", 8, 13, bytes(32))):
        with pytest.raises(BadNoteSignature):
            cosignature.verify_subtree(key, *wrong, signature.value)
    with pytest.raises(CannotCosign):
        cosignature.sign_subtree("o", 8, 13, ROOT, key.name, ML_DSA_44, TIME)
    with pytest.raises(CannotCosign):
        cosignature.sign_subtree("o", 8, 13, ROOT, key.name, ED25519)
    with pytest.raises(BadNoteSignature):
        cosignature.verify_subtree(cosigned(ED25519)[0], "o", 8, 13, ROOT, signature.value)


def test_a_checkpoint_cosignature_is_that_of_the_whole_tree_as_subtree() -> None:
    key, signature = cosigned(ML_DSA_44)
    size = CHECKPOINT.size
    assert cosignature.verify_subtree(key, CHECKPOINT.origin, 0, size, ROOT, signature.value) == TIME


def test_what_cannot_be_cosigned_is_refused() -> None:
    for time in (-1, 2**63):
        for signer in (ED25519, ML_DSA_44):
            with pytest.raises(CannotCosign):
                cosignature.sign(CHECKPOINT, "w", signer, time)
    with pytest.raises(CannotCosign):
        cosignature.sign(dataclasses.replace(CHECKPOINT, origin="o" * 256), "w", ML_DSA_44, TIME)
    with pytest.raises(CannotCosign):
        cosignature.sign(CHECKPOINT, "w", keys.SoftwareSigner.generate(keys.ESP256), TIME)
    with pytest.raises(note.BadVerifierKey):
        cosignature.sign(CHECKPOINT, "w 1", ED25519, TIME)


def test_a_plain_key_verifies_no_cosignature() -> None:
    _, signature = cosigned(ED25519)
    with pytest.raises(BadNoteSignature):
        cosignature.verify(VerifierKey.of("w", note.PLAIN, ED25519.public), CHECKPOINT, signature.value)
