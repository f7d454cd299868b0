"""What an operator's folder holds: sealed keys, a policy, what a registrar gave; and the commands over it."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hallmark.attestation.errors import Revoked
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import BadAppraisalPolicy, Policy
from hallmark.kernel import canonical
from hallmark.node import acts, folder
from hallmark.node.__main__ import main
from hallmark.node.archive import Archive
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.errors import NoRegistrar, OtherState, RegistrarExists
from hallmark.node.attester.measurement import measure
from hallmark.node.attester.registers import State
from hallmark.node.attester.registrar import Registrar
from hallmark.node.errors import NotHere, WrongFolder
from node.admission.seven import NEWCOMER, constitution
from world.consortium import node_key


@pytest.fixture
def own(home, tmp_path) -> Path:
    """A copy of Harbour's folder, its TPM included."""
    return Path(shutil.copytree(home, tmp_path / "own"))


def changed(release, place) -> Path:
    package = Path(shutil.copytree(release, place / "changed"))
    (package / "more.py").write_bytes(b"")
    return package


def test_sealed_keys_open_under_this_code_and_constitution_alone(own, release, agreed, policy, tmp_path) -> None:
    folder.seal(own, package=release)
    assert sorted(path.name for path in (own / "keys").iterdir()) == ["organisation.pem", "sealed"]
    signers = folder.signers(own, release)
    for purpose in folder.PURPOSES:
        assert getattr(signers, purpose).public == node_key(NEWCOMER, purpose).public
    with pytest.raises(OtherState):
        folder.signers(own, changed(release, tmp_path))
    (own / "constitution").write_bytes(constitution(policy, b"d" * 32).encode())
    with pytest.raises(OtherState):
        folder.signers(own, release)


def test_keys_are_sealed_for_a_release_to_come_before_it_is_installed(own, release, tmp_path) -> None:
    upgraded = changed(release, tmp_path)
    folder.seal(own, package=release)
    folder.seal(own, measure(upgraded), release)
    with pytest.raises(OtherState):
        folder.signers(own, release)
    assert folder.signers(own, upgraded).witness.public == node_key(NEWCOMER, "witness").public


def test_the_sealing_key_is_sealed_with_the_others_and_the_node_opens_its_store_with_it(own, release) -> None:
    def announced() -> bytes:
        node = folder.open_node(own, release)
        node.store.close()
        return node.announce().key

    made = announced()
    assert (own / "keys" / "sealing.pem").stat().st_mode & 0o077 == 0
    folder.seal(own, package=release)
    assert sorted(path.name for path in (own / "keys").iterdir()) == ["organisation.pem", "sealed"]
    assert announced() == made


def test_a_new_sealing_key_is_announced_and_the_old_one_stays_for_what_was_sealed_to_it(own, release) -> None:
    def opened() -> tuple[bytes, int]:
        node = folder.open_node(own, release)
        node.store.close()
        return node.announce().key, len(node.store.vault.to_pem())

    first, _ = opened()
    folder.renew_sealing_key(own, release)
    second, size = opened()
    folder.seal(own, package=release)
    assert opened() == (second, size)
    folder.renew_sealing_key(own, release)
    third, more = opened()
    assert len({first, second, third}) == 3
    assert more > size
    assert sorted(path.name for path in (own / "keys").iterdir()) == ["organisation.pem", "sealed"]


def test_a_key_left_open_beside_the_sealed_ones_is_named(own, release) -> None:
    pem = (own / "keys" / "mirror.pem").read_bytes()
    folder.seal(own, package=release)
    (own / "keys" / "mirror.pem").write_bytes(pem)
    with pytest.raises(WrongFolder, match="open"):
        folder.signers(own, release)


def test_what_a_folder_lacks_or_what_is_no_policy_is_named(own) -> None:
    (own / "collateral").write_bytes(b"\xa1\x61a\x01")
    with pytest.raises(WrongFolder):
        folder.collateral(own)
    (own / "collateral").unlink()
    with pytest.raises(WrongFolder, match="collateral"):
        folder.collateral(own)
    (own / "policy").write_bytes(b"\xa0")
    with pytest.raises(BadAppraisalPolicy):
        folder.policy(own)
    (own / "family").write_bytes(b"\xff")
    with pytest.raises(WrongFolder, match="UTF-8"):
        folder.family(own)
    assert folder.product(own) == ""
    (own / "product").write_text("C-1\n")
    assert folder.product(own) == "C-1"


def test_evidence_is_kept_under_its_digest_and_what_was_changed_is_not_served(tmp_path) -> None:
    archive = Archive(tmp_path / "evidence")
    digest = archive.put(b"bundle")
    assert archive.get(digest) == b"bundle"
    (tmp_path / "evidence" / digest.hex()).write_bytes(b"another")
    for each in (digest, bytes(32)):
        with pytest.raises(NotHere):
            archive.get(each)


def test_a_node_is_enrolled_again_with_the_same_tpm(own, registrar) -> None:
    before = folder.collateral(own)
    acts.enrol(own, registrar[0])
    assert folder.collateral(own)["chain"] != before["chain"]
    with pytest.raises(NoRegistrar):
        acts.enrol(own, own)
    with pytest.raises(RegistrarExists):
        acts.found_registrar(registrar[0])


def test_a_certificate_is_revoked_by_what_enrolment_wrote_or_by_evidence(own, registrar, tmp_path) -> None:
    place, shown, anchors = registrar[0], tmp_path / "shown", frozenset({registrar[1]})
    for encode in (lambda evidence: canonical.encode(dict(evidence.collateral)), Bundle.encode):
        acts.enrol(own, place)
        with attesting(own / folder.TPM, State(measure(), bytes(32))) as attester:
            evidence = attester.attest(bytes(64), folder.collateral(own))
        assert evidence.verify(anchors, acts.now()).missing == ()
        shown.write_bytes(encode(evidence))
        assert main(["revoke", "--registrar", str(place), "--evidence", str(shown)]) == 0
        with closing(Registrar.open(place)) as office:
            news = office.collateral(b"", acts.now())["revocation_lists"]
        with pytest.raises(Revoked):
            replace(evidence, collateral={**evidence.collateral, "revocation_lists": news}).verify(anchors, acts.now())


def test_what_holds_no_certificate_of_the_registrar_revokes_nothing(own, registrar, vendor, tmp_path, capsys) -> None:
    place, shown = registrar[0], tmp_path / "shown"
    for office, content, said in (
        (own, canonical.encode(folder.collateral(own)), "no registrar"),
        (place, canonical.encode({"chain": vendor.chain(vendor.issuing, under_root=True)}), "gave no such certificate"),
        (place, canonical.encode({"chain": b"no certificate"}), "not a valid"),
        (place, canonical.encode({"report": b""}), "certificate chain is missing"),
        (place, b"no evidence", "not canonical CBOR"),
    ):
        shown.write_bytes(content)
        assert main(["revoke", "--registrar", str(office), "--evidence", str(shown)]) == 1
        assert said in capsys.readouterr().err


def test_commands_measure_and_write_a_policy(own, capsys) -> None:
    assert main(["measure"]) == 0
    assert capsys.readouterr().out == f"{measure().hex()}\n"
    anchor = "ab" * 32
    command = ["policy", "--folder", str(own), "--name", "ours", "--anchor", anchor, "--seats", "7", "--fresh", "600"]
    assert main(command) == 0
    policy = Policy.parse((own / "policy").read_bytes())
    assert capsys.readouterr().out == f"{policy.digest.hex()}\n"
    assert policy == acts.development_policy(bytes.fromhex(anchor), "ours", 7, 600)


def test_commands_show_a_policy_as_text_and_take_one(own, tmp_path, capsys) -> None:
    assert main(["show-policy", "--folder", str(own)]) == 0
    text = tmp_path / "policy.json"
    text.write_text(
        capsys.readouterr()
        .out.replace('"seats": {', '"seats": {\n "amd-sev-snp": 3,', 1)
        .replace('"amd-sev-snp": 2', '"intel-tdx": 2')
    )
    after = tmp_path / "next"
    assert main(["import-policy", "--folder", str(after), "--text", str(text)]) == 0
    made = folder.policy(after)
    assert capsys.readouterr().out == f"{made.digest.hex()}\n"
    assert made.seats == {"amd-sev-snp": 3, "intel-tdx": 2, "tpm": 8}
    assert made.rules == folder.policy(own).rules
    text.write_text("{}")
    assert main(["import-policy", "--folder", str(after), "--text", str(text)]) == 1
    assert "appraisal policy" in capsys.readouterr().err


def test_a_command_that_cannot_be_done_says_why(own, capsys) -> None:
    for command in (["present"], ["appraise", "--request", str(own / "absent")], ["enrol", "--registrar", str(own)]):
        assert main([command[0], "--folder", str(own), *command[1:]]) == 1
        assert capsys.readouterr().err.strip()
    with pytest.raises(SystemExit):
        main(["fly"])
