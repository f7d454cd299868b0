"""Trust policies against C2SP tlog-policy, and what a quorum error tells."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import keys
from hallmark.ledger import cosignature, note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import BadNoteSignature, Note, VerifierKey
from hallmark.ledger.policy import BadPolicy, Policy, QuorumMissing, UnknownLog, flat

BOTH = pytest.mark.parametrize("algorithm", [keys.ED25519, keys.ML_DSA_44], ids=["Ed25519", "ML-DSA-44"])


@pytest.fixture
def nested(market):
    """The example of the specification: two of three X and any of three Y."""
    keys_of = {name: market.witness(number).text for number, name in enumerate(("X1", "X2", "X3", "Y1", "Y2", "Y3"), 1)}
    return f"""# the example of c2sp.org/tlog-policy
log {market.log_key.text} https://ledger.example/

witness X1 {keys_of["X1"]}
witness X2\t{keys_of["X2"]} https://x2.example/
  witness X3 {keys_of["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {keys_of["Y1"]}
witness Y2 {keys_of["Y2"]}
witness Y3 {keys_of["Y3"]}
\t # any of them
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@BOTH
def test_k_of_n_is_enough_and_one_less_is_not(market, algorithm) -> None:
    policy = market.policy(7, 5, algorithm)
    endorsement = policy.verify(market.signed(1, 3, 4, 6, 7, algorithm=algorithm))
    assert endorsement.checkpoint == market.checkpoint
    assert endorsement.logs == (market.log_key,)
    assert endorsement.cosigned == {f"w{number}": market.now + number for number in (1, 3, 4, 6, 7)}
    with pytest.raises(QuorumMissing) as error:
        policy.verify(market.signed(1, 3, 4, 6, algorithm=algorithm))
    assert error.value.facts["missing"] == "members 4/5 (- w2, w5, w7)"


def test_nested_groups_are_each_asked(market, nested) -> None:
    policy = Policy.parse(nested.encode())
    for enough in ((1, 2, 4), (2, 3, 6), (1, 2, 3, 4, 5, 6)):
        assert policy.verify(market.signed(*enough)).checkpoint == market.checkpoint
    for lacking, missing in {
        (1, 4): "X-and-Y 1/2 (- X-witnesses); X-witnesses 1/2 (- X2, X3)",
        (1, 2): "X-and-Y 1/2 (- Y-witnesses); Y-witnesses 0/1 (- Y1, Y2, Y3)",
        (4, 5, 6): "X-and-Y 1/2 (- X-witnesses); X-witnesses 0/2 (- X1, X2, X3)",
    }.items():
        with pytest.raises(QuorumMissing) as error:
            policy.verify(market.signed(*lacking))
        assert error.value.facts["missing"] == missing
        assert missing in error.value.explain("zh")


def test_one_witness_and_none_can_be_the_quorum(market) -> None:
    one = f"log {market.log_key.text}\nwitness w1 {market.witness(1).text}\nquorum w1\n"
    Policy.parse(one.encode()).verify(market.signed(1))
    with pytest.raises(QuorumMissing):
        Policy.parse(one.encode()).verify(market.signed())
    Policy.parse(one.replace("quorum w1", "quorum none").encode()).verify(market.signed())


def test_one_witness_that_signs_twice_counts_once_and_at_its_newest_time(market) -> None:
    policy = market.policy(3, 2)
    signed = market.signed(1).with_signatures([market.cosign(1, keys.ED25519, market.now + 60)])
    with pytest.raises(QuorumMissing):
        policy.verify(signed)
    again = signed.with_signatures([market.cosign(n, keys.ED25519, market.now) for n in (1, 2)])
    assert policy.verify(again).cosigned == {"w1": market.now + 60, "w2": market.now}


def test_a_log_may_sign_with_ml_dsa_44(market) -> None:
    log, origin = market.signer(98, keys.ML_DSA_44), market.checkpoint.origin
    policy = Policy.parse(flat([cosignature.verifier_key(origin, log.public)], {}, 0))
    signed = Note(market.checkpoint.text, (cosignature.sign(market.checkpoint, origin, log, market.now),))
    assert policy.verify(signed).checkpoint == market.checkpoint


def test_a_log_signs_only_for_its_own_origin(market) -> None:
    other = dataclasses.replace(market.checkpoint, origin="ledger.example/other")
    with pytest.raises(UnknownLog):
        market.policy(3, 2).verify(market.signed(1, 2, checkpoint=other))


def test_a_stranger_signs_for_nobody(market) -> None:
    text = market.checkpoint.text
    forged = note.sign(text, market.checkpoint.origin, market.signer(50))
    with pytest.raises(UnknownLog):
        market.policy(3, 0).verify(Note(text, (forged,)))
    claimed = dataclasses.replace(forged, key_id=market.log_key.id)
    with pytest.raises(BadNoteSignature):
        market.policy(3, 0).verify(Note(text, (claimed,)))


def test_one_bad_signature_of_a_known_key_spoils_the_note(market) -> None:
    signed = market.signed(1, 2, 3)
    bad = dataclasses.replace(signed.signatures[3], value=signed.signatures[2].value)
    with pytest.raises(BadNoteSignature):
        market.policy(3, 2).verify(Note(signed.text, (*signed.signatures[:3], bad)))


def test_cosignatures_of_another_checkpoint_do_not_count(market) -> None:
    older = Checkpoint(market.checkpoint.origin, 50, market.tree.root(50))
    signed = market.signed().with_signatures(market.signed(1, 2, checkpoint=older).signatures[1:])
    with pytest.raises(BadNoteSignature):
        market.policy(3, 2).verify(signed)


LOG = "log sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
OTHER = VerifierKey.of("o", 0x04, keys.SoftwareSigner.from_seed(bytes(32)).public).text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        (LOG, 1),
        (f"{LOG}\n", 2),
        (f"{LOG}\n{LOG}\nquorum none\n", 2),
        ("log x\nquorum none\n", 1),
        ("log\nquorum none\n", 1),
        (f"{LOG} url word\nquorum none\n", 1),
        ("quorum none\nquorum none\n", 2),
        ("quorum w\n", 1),
        (f"quorum w\nwitness w {WITNESS}\n", 1),
        (f"witness none {WITNESS}\nquorum none\n", 1),
        (f"witness w {LOG[4:]}\nquorum w\n", 1),
        (f"witness w {WITNESS}\nwitness w {OTHER}\nquorum w\n", 2),
        (f"witness w {WITNESS}\nwitness v {WITNESS}\nquorum w\n", 2),
        (f"witness w {WITNESS}\ngroup w 1 w\nquorum w\n", 2),
        (f"witness w {WITNESS}\ngroup g 0 w\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g 2 w\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g 01 w\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g some w\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g any\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g any none\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g any g\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g any w w\nquorum g\n", 2),
        (f"witness w {WITNESS}\ngroup g any w\ngroup h any w\nquorum g\n", 3),
        ("unknown\nquorum none\n", 1),
        ("quorum none\r\n", "-"),
        ("quorum none", "-"),
    ],
)
def test_what_is_no_policy_is_refused_at_its_line(text: str, line: object) -> None:
    with pytest.raises(BadPolicy) as error:
        Policy.parse(text.encode())
    assert error.value.facts["line"] in {line, "-"}


def test_the_same_public_key_under_another_name_is_the_same_witness(market) -> None:
    twin = cosignature.verifier_key("twin.example", market.signer(1).public)
    with pytest.raises(BadPolicy):
        flat([market.log_key], {"w1": market.witness(1), "w2": twin}, 2)


def test_names_are_octets(market) -> None:
    keys_of = [market.witness(number).text.encode() for number in (1, 2)]
    data = b"witness K %s\nwitness \xe2\x84\xaa %s\ngroup \xff all K \xe2\x84\xaa\nquorum \xff\n" % tuple(keys_of)
    policy = Policy.parse(f"log {market.log_key.text}\n".encode() + data)
    policy.verify(market.signed(1, 2))
    with pytest.raises(QuorumMissing) as error:
        policy.verify(market.signed(1))
    assert error.value.explain("zh").encode()


def test_a_long_chain_of_groups_is_read_without_recursion(market) -> None:
    lines = [f"log {market.log_key.text}", f"witness g0 {market.witness(1).text}"]
    lines += [f"group g{number} any g{number - 1}" for number in range(1, 5000)]
    policy = Policy.parse("\n".join([*lines, "quorum g4999", ""]).encode())
    policy.verify(market.signed(1))
    with pytest.raises(QuorumMissing):
        policy.verify(market.signed())


@given(st.binary() | st.text(st.sampled_from("log witness group quorum none any all 12 \n\t#")).map(str.encode))
def test_hostile_policies_raise_only_our_errors(data: bytes) -> None:
    try:
        Policy.parse(data)
    except BadPolicy:
        return
