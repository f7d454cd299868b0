"""A node in a confidential virtual machine: from its kernel's report to what every member finds of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from attestation import makers
from attestation.makers import ec_key
from hallmark.kernel import hashing
from hallmark.node import admission
from hallmark.node.attester import tsm
from hallmark.node.attester.errors import CollateralMissing
from node.admission.seven import NEWCOMER, read, seat
from node.attester.kernel import Kernel
from world.consortium import spelled

SNP = "amd-sev-snp"


@pytest.fixture
def collateral(vendor) -> dict[str, bytes]:
    return {
        "chain": vendor.chain(makers.snp_leaf(vendor, ec_key(30))),
        "revocation_lists": vendor.revocation_list(root=True),
    }


@pytest.fixture
def find(market, agreed, policy, release, tmp_path, monkeypatch):
    """What a member finds of the evidence of a machine that was started from an image with a measurement."""

    def found(collateral, asked: str = NEWCOMER, measurement: bytes = b"\x4d" * 48) -> admission.Finding:
        def make(inblob: bytes, _privilege: int):
            return makers.snp_report(ec_key(30), inblob, measurement=measurement), b""

        monkeypatch.setattr(tsm, "REPORTS", Kernel("sev_guest", make))
        before, own = read(market, agreed), seat(NEWCOMER, family=SNP)
        shown = seat(asked, family=SNP)
        bundle = admission.collect(tmp_path / "tpm", before, shown, collateral, release, SNP).encode()
        digest = hashing.sha256(bundle)
        evidence = {"title": "evidence bundle", "sha256": digest, "size": len(bundle), "address": digest}
        claims = {"seat": spelled(own), "epoch": 1, "nonce": before.root, "size": before.size, "evidence": evidence}
        market.submit("node.presented", NEWCOMER, own.name, claims)
        return admission.appraise(read(market, agreed), market.ledger[-1][0], bundle, policy)

    return found


def test_every_member_accepts_what_the_policy_approves(find, collateral) -> None:
    finding = find(collateral)
    assert (finding.accepted, finding.code) == (True, "affirming")


def test_another_image_or_the_evidence_of_another_keeps_it_out(find, collateral) -> None:
    assert find(collateral, measurement=b"\x4e" * 48).code == "unknown-measurement"
    assert find(collateral, asked="mallow").code == "wrong-report-data"


def test_without_the_vendor_s_list_members_say_which_link_is_open_and_without_a_chain_nothing_is_presented(
    find, collateral
) -> None:
    assert find({"chain": collateral["chain"]}).code == "link-not-checked"
    with pytest.raises(CollateralMissing):
        find({})
