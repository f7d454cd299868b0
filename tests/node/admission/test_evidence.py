"""Members appraise evidence alone: what is wrong with it keeps a node out, and so do the rules, votes or not."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from attestation import makers
from hallmark.attestation import chain
from hallmark.attestation.formats import Bundle
from hallmark.consortium.governance import Proposal, ProposalKind
from hallmark.kernel import hashing, identifier, instant
from hallmark.kernel.text import Text
from hallmark.ledger.tile import TiledLog, WrongTile
from hallmark.node import acts, admission, folder
from hallmark.node.attester.measurement import measure
from hallmark.node.attester.registrar import Registrar
from hallmark.node.errors import NotOnLedger, PolicyNotAgreed, WrongEvidence
from hallmark.rules import consortium
from hallmark.rules.consortium import AppraisalLapsed, NotAppraised, OtherPolicy
from node.admission.seven import FORGER, FRESH, MEMBERS, NEWCOMER, read, seat, tell
from world.cast import evidence, org
from world.consortium import spelled

PRODUCT = identifier.from_seed("CERT", b"a certified TPM")


class Case:
    """Harbour's request, honest unless a test changes a part of it, and what members make of it."""

    def __init__(self, market, agreed, policy, release, home):
        self.market, self.agreed, self.policy, self.release, self.home = market, agreed, policy, release, home
        self.who, self.seat = NEWCOMER, seat(NEWCOMER)
        self.before = read(market, agreed)
        self.nonce, self.size = self.before.root, self.before.size

    def agree(self, policy) -> None:
        """Let the members have agreed on another policy."""
        self.policy, self.agreed = policy, replace(self.agreed, attestation=policy.digest)
        self.before = read(self.market, self.agreed)

    def evidence(self, seat=None, package=None, reading=None, collateral=None) -> Bundle:
        parts = folder.collateral(self.home) if collateral is None else collateral
        place, package = self.home / folder.TPM, package or self.release
        return admission.collect(place, reading or self.before, seat or self.seat, parts, package)

    def present(self, bundle: Bundle | bytes) -> bytes:
        """Return the request as it is on the ledger."""
        self.bundle = bundle.encode() if isinstance(bundle, Bundle) else bundle
        claims = {
            "seat": spelled(self.seat),
            "epoch": 1,
            "nonce": self.nonce,
            "size": self.size,
            "evidence": {**evidence("bundle"), "sha256": hashing.sha256(self.bundle), "size": len(self.bundle) or 1},
        }
        self.market.submit("node.presented", self.who, org(self.who), claims)
        self.request = self.market.ledger[-1][0]
        return self.request

    def appraise(self) -> admission.Finding:
        return admission.appraise(read(self.market, self.agreed), self.request, self.bundle, self.policy)

    def found(self, bundle: Bundle | bytes) -> admission.Finding:
        """Return what any member finds of a request with this evidence."""
        self.present(bundle)
        return self.appraise()

    def say(self, who, finding) -> None:
        self.market.submit("node.appraised", who, org(who), finding.claims)

    def propose(self, who) -> bytes:
        about, member = self.agreed.digest, org(self.who)
        claims = {"about": about, "kind": "admission", "member": member, "seat": spelled(self.seat), "reason": "-"}
        self.market.submit("proposal.made", who, org(who), claims)
        return Proposal(about, ProposalKind.ADMISSION, member, self.seat).id

    def vote(self, who, proposal) -> None:
        self.market.submit("vote.cast", who, org(who), {"proposal": proposal, "favour": True})

    def check_out(self, finding, code) -> None:
        """Check that the finding keeps the node out, though one member lies, proposes it, and honest ones vote."""
        assert (finding.accepted, finding.code) == (False, code)
        honest, liar = MEMBERS[:6], MEMBERS[6]
        for who in honest:
            self.say(who, finding)
            with pytest.raises(NotAppraised):
                self.propose(who)
        self.say(liar, replace(finding, accepted=True, code="affirming", until=self.market.clock + instant.DAY))
        proposal = self.propose(liar)
        self.vote(liar, proposal)
        for who in honest:
            with pytest.raises(NotAppraised):
                self.vote(who, proposal)
        assert consortium.successor(self.market.state) == self.agreed


@pytest.fixture
def case(market, agreed, policy, release, home) -> Case:
    return Case(market, agreed, policy, release, home)


def test_honest_evidence_is_accepted_by_every_member_alike_and_votes_make_the_seat(case) -> None:
    finding = case.found(case.evidence())
    assert (finding.accepted, finding.code) == (True, "affirming")
    assert case.appraise() == finding
    told = case.before.told(case.size)
    assert finding.until == told + FRESH * 1000
    assert measure(case.release).hex() in finding.reason.en
    for who in MEMBERS[:5]:
        case.say(who, finding)
    proposal = case.propose("bank")
    for who in MEMBERS[:5]:
        case.vote(who, proposal)
    assert consortium.successor(case.market.state).member(org(NEWCOMER)) == case.seat


def test_the_result_is_the_same_years_later_for_it_is_as_of_the_request(case) -> None:
    finding = case.found(case.evidence())
    case.market.pass_time(days=900)
    assert case.appraise() == finding


def test_changed_code(case, tmp_path) -> None:
    package = Path(shutil.copytree(case.release, tmp_path / "hallmark"))
    content = bytearray((package / "keys.py").read_bytes())
    content[100] ^= 1
    (package / "keys.py").write_bytes(content)
    finding = case.found(case.evidence(package=package))
    assert "pcr sha256:8 differs" in finding.reason.en
    case.check_out(finding, "unknown-measurement")


def test_another_constitution(case) -> None:
    other = replace(case.before, constitution=replace(case.agreed, rules=2))
    finding = case.found(case.evidence(reading=other))
    assert "pcr sha256:9 differs" in finding.reason.en
    case.check_out(finding, "unknown-measurement")


def test_a_nonce_that_the_ledger_did_not_give(case) -> None:
    case.nonce = b"\x17" * 32
    case.check_out(case.found(case.evidence()), "nonce-not-given")


def test_a_nonce_of_a_ledger_to_come(case) -> None:
    case.size += 5
    case.check_out(case.found(case.evidence()), "nonce-not-given")


def test_a_quote_for_another_nonce_than_the_one_presented(case) -> None:
    bundle = case.evidence()
    tell(case.market)
    later = read(case.market, case.agreed)
    case.nonce, case.size = later.root, later.size
    case.check_out(case.found(bundle), "wrong-report-data")


def test_a_quote_for_an_old_nonce(case) -> None:
    old = read(case.market, case.agreed, 10)
    case.nonce, case.size = old.root, old.size
    case.check_out(case.found(case.evidence(reading=old)), "evidence-stale")


def test_the_keys_of_someone_else(case) -> None:
    bundle = case.evidence(seat=seat("mallory"))
    case.check_out(case.found(bundle), "wrong-report-data")


def test_the_evidence_of_someone_else_with_its_keys(case) -> None:
    """What another node has shown lies open for everybody to take and to present under a name of its own."""
    bundle = case.evidence()
    case.who, case.seat = FORGER, replace(case.seat, name=org(FORGER))
    case.check_out(case.found(bundle), "wrong-report-data")


def test_debug_evidence(case, vendor) -> None:
    case.seat = seat(NEWCOMER, family="amd-sev-snp")
    case.check_out(case.found(makers.snp(vendor, policy=0xB0000)), "debug-mode")


def test_evidence_of_another_family_than_the_seat_s(case) -> None:
    case.seat = seat(NEWCOMER, family="amd-sev-snp")
    case.check_out(case.found(case.evidence()), "other-family")


def test_evidence_that_does_not_show_the_seat_s_product(case) -> None:
    case.seat = seat(NEWCOMER, product=PRODUCT)
    case.check_out(case.found(case.evidence()), "product-not-shown")


@pytest.mark.parametrize(("safe", "code"), [(True, "affirming"), (False, "product-not-shown")])
def test_what_a_certified_product_shows_is_in_the_policy(case, safe, code) -> None:
    case.seat = seat(NEWCOMER, product=PRODUCT)
    shown = {"family": frozenset({"tpm"}), "clock_safe": frozenset({safe})}
    rule = replace(case.policy.rules["tpm"], products={PRODUCT: shown})
    case.agree(replace(case.policy, rules={**case.policy.rules, "tpm": rule}))
    assert case.found(case.evidence()).code == code


def own_certificate(case) -> bytes:
    (own, *_) = chain.load(folder.collateral(case.home)["chain"], Text("链", "chain"))
    return own.public_bytes(serialization.Encoding.DER)


def test_stale_collateral(case, registrar) -> None:
    office = Registrar.open(registrar[0])
    old = office.collateral(own_certificate(case), acts.now() - 31 * instant.DAY)
    office.close()
    case.check_out(case.found(case.evidence(collateral=old)), "expired")


def test_a_certificate_that_ran_out(case) -> None:
    case.agree(replace(case.policy, fresh_seconds=500 * 86400))
    bundle = case.evidence()
    case.market.pass_time(days=400)
    assert case.found(bundle).code == "expired"


def test_a_quote_that_nobody_vouches_for(case) -> None:
    case.check_out(case.found(case.evidence(collateral={})), "link-not-checked")


def test_a_quote_of_a_tpm_that_somebody_wrote_and_certified_himself(case, vendor) -> None:
    asked = admission.report_data(case.before, case.nonce, case.seat)
    case.check_out(case.found(makers.tpm(vendor, asked)), "untrusted-root")


def test_a_quote_signed_by_another_key_under_the_certificate_of_an_honest_tpm(case) -> None:
    bundle, forger = case.evidence(), ec.generate_private_key(ec.SECP256R1())
    quote = bundle.evidence["quote"]
    forged = {**bundle.evidence, "signature": makers.tpm_signature(forger, quote)}
    case.check_out(case.found(replace(bundle, evidence=forged)), "bad-evidence-signature")


def test_a_forged_key_under_the_certificate_of_an_honest_tpm(case) -> None:
    bundle, forger = case.evidence(), ec.generate_private_key(ec.SECP256R1())
    signature = makers.tpm_signature(forger, bundle.evidence["quote"])
    forged = {**bundle.evidence, "public": makers.tpm_public(forger), "signature": signature}
    case.check_out(case.found(replace(bundle, evidence=forged)), "broken-binding")


def test_registers_that_were_not_quoted(case) -> None:
    bundle = case.evidence()
    case.check_out(case.found(replace(bundle, evidence={**bundle.evidence, "pcrs": bytes(64)})), "broken-binding")


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "not-canonical"), (b"\x80", "bad-evidence"), (b"\xff", "not-canonical")]
)
def test_what_is_no_evidence(case, data, code) -> None:
    case.check_out(case.found(data), code)


def test_a_certificate_of_no_year(case) -> None:
    """A date that no calendar holds is a finding, and no end of the member that appraises it."""
    made = makers.Authority(until=2_600_000_000_000)
    undated = made.chain(made.leaf(makers.ec_key(20))).replace(b"20520522", b"00000522")
    case.check_out(case.found(case.evidence(collateral={"chain": undated})), "bad-evidence")


def test_a_format_that_no_statement_could_name(case) -> None:
    finding = case.found(Bundle("\x07" * 9000, {}, {}))
    zh, en = finding.claims["reason"].split("\n")
    assert zh.startswith("策略") and en.startswith("The policy")
    case.check_out(finding, "format-not-accepted")


def test_a_family_whose_seats_are_taken(case) -> None:
    case.agree(replace(case.policy, seats={"tpm": len(MEMBERS)}))
    assert case.found(case.evidence()).code == "family-full"


def test_what_is_not_on_the_ledger_is_not_appraised(case, release) -> None:
    bundle = case.evidence()
    request = case.present(bundle)
    with pytest.raises(NotOnLedger):
        admission.appraise(case.before, request, bundle.encode(), case.policy)
    with pytest.raises(NotOnLedger):
        admission.appraise(read(case.market, case.agreed), case.market.ledger[0][0], bundle.encode(), case.policy)


def test_a_request_of_another_epoch_is_not_appraised(case) -> None:
    request = case.present(case.evidence())
    later = read(case.market, case.agreed)
    later = replace(later, record=replace(later.record, epoch=2))
    with pytest.raises(NotOnLedger):
        admission.appraise(later, request, case.bundle, case.policy)


def test_another_policy_or_other_evidence_is_named_before_anything_is_found(case) -> None:
    case.present(case.evidence())
    with pytest.raises(WrongEvidence):
        admission.appraise(read(case.market, case.agreed), case.request, b"\x80", case.policy)
    lenient = replace(case.policy, seats={"tpm": 100})
    with pytest.raises(PolicyNotAgreed):
        admission.appraise(read(case.market, case.agreed), case.request, case.bundle, lenient)
    with pytest.raises(OtherPolicy):
        case.say("bank", replace(case.appraise(), policy=lenient.digest))


def test_tiles_that_lie_are_no_finding_about_the_node(case) -> None:
    case.present(case.evidence())
    reading = read(case.market, case.agreed)
    honest = reading.log._read

    def lie(path):
        data = honest(path)
        return data if "entries" not in path else data[:-1] + bytes([data[-1] ^ 1])

    lying = replace(reading, log=TiledLog(lie, reading.size, reading.root))
    with pytest.raises(WrongTile):
        admission.appraise(lying, case.request, case.bundle, case.policy)


def test_an_acceptance_lapses_with_the_freshness_of_the_evidence(case) -> None:
    finding = case.found(case.evidence())
    for who in ("bank", "northern"):
        case.say(who, finding)
    proposal = case.propose("bank")
    case.market.pass_time(seconds=FRESH + 60)
    with pytest.raises(AppraisalLapsed):
        case.vote("northern", proposal)


def test_a_quote_with_any_byte_changed_is_refused(case) -> None:
    bundle = case.evidence()
    quote = bundle.evidence["quote"]
    for at in range(0, len(quote), 7):
        changed = quote[:at] + bytes([quote[at] ^ 1]) + quote[at + 1 :]
        assert not case.found(replace(bundle, evidence={**bundle.evidence, "quote": changed})).accepted


def test_damage_anywhere_in_a_bundle_is_a_finding_or_changes_nothing_of_what_it_shows(case) -> None:
    bundle, dice = case.evidence().encode(), random.Random(7)
    honest, refused = case.found(bundle), 0
    for _ in range(60):
        damaged = bytearray(bundle)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(len(damaged))] ^= dice.randint(1, 255)
        finding = case.found(bytes(damaged[: dice.choice((len(damaged), dice.randrange(len(damaged))))]))
        if finding.accepted:  # what no signature covers and nobody reads, as the name's hash beside the key
            assert finding.reason == honest.reason
        else:
            assert (finding.until, bool(finding.reason.zh), bool(finding.reason.en)) == (0, True, True)
            refused += 1
        case.say("bank", finding)
    assert refused > 50
