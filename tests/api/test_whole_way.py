"""One product from application to a certificate over HTTP, and what a stranger can make of it."""

from __future__ import annotations

import base64

import pytest

from hallmark.certificate import qr
from hallmark.certificate.form import MachineForm
from hallmark.kernel.keys import SoftwareSigner
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, verify_inclusion
from hallmark.ledger.note import Note
from hallmark.statement import envelope
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import verify_certificate
from hallmark.verify.file import verify_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def certified(certified):
    """A market, a case and the number of its certificate, with the status stated."""
    from hallmark.office.registry import services

    services.state_status()
    return certified


def test_a_stranger_finds_reads_downloads_and_checks_the_certificate(certified, stranger):
    from hallmark.office.jobs.clock import now

    market, case, number = certified
    assert number.startswith("CFP-NORTH-")
    for query in ("q=wallet", "q=钱包", "q=lw-1+lotus", "type=CFP-01", f"body={market.places['northern']}", ""):
        found = stranger.get(f"/register?{query}")[1]
        assert ([row["number"] for row in found["rows"]], found["total"]) == ([number], 1), query
    for query in ("q=unheard+of", "type=CFP-02", "status=withdrawn", "page=7"):
        assert stranger.get(f"/register?{query}")[1]["rows"] == []
    status, shown = stranger.get(f"/register/{number}")
    assert (status, shown["status"]) == (200, "in-force")
    assert [event["status"] for event in shown["history"]] == ["in-force"]
    assert shown["record"]["product"]["version"] == "1.0"
    assert "case" not in shown["record"]

    form = stranger.raw("GET", f"/register/{number}/certificate.hallmark").content
    bundle = TrustBundle.parse(stranger.raw("GET", "/trust-bundle").content)
    offline = verify_certificate(form, bundle, now())
    status, online = stranger.call("POST", "/verify", data=form, content_type="application/octet-stream")
    assert (status, online["answer"], online["number"]) == (200, "in-force", number)
    assert online["record_digest"] == offline.record_digest.hex() == shown["record_digest"]
    assert online["development"]
    parts = MachineForm.parse(form)
    printed = stranger.raw("GET", f"/register/{number}/certificate.txt").content
    assert printed == qr.encode_proof(parts.issued, parts.checkpoint).encode()
    assert verify_file(printed, bundle, now())[0].record_digest == offline.record_digest
    status, from_code = stranger.call("POST", "/verify", data=printed, content_type="text/plain")
    assert (status, from_code["answer"], from_code["number"]) == (200, "unknown", number)
    assert [name["en"] for name in online["vouched_by"]] == ["Operator"]

    changed = bytearray(form)
    changed[changed.index(b"Wallet")] ^= 1
    status, problem = stranger.call("POST", "/verify", data=bytes(changed), content_type="application/octet-stream")
    assert (status, problem["title"]) == (422, "Does not verify")
    for wrong in (b"%PDF-1.7", b"x" * (600 << 10), b"\0"):
        assert stranger.call("POST", "/verify", data=wrong, content_type="application/pdf")[0] in {400, 411, 413}

    index = MachineForm.parse(form).issued.index
    entry = stranger.get(f"/entries/{index}")[1]
    head = Checkpoint.parse(Note.parse(entry["checkpoint"].encode()).text)
    leaf = leaf_hash(base64.b64decode(entry["statement"]))
    verify_inclusion(leaf, index, head.size, [bytes.fromhex(each) for each in entry["proof"]], head.root)
    assert (entry["kind"], entry["subject"]) == ("certificate.issued", number)
    assert stranger.get(f"/entries/{head.size}")[0] == 404

    charlie, grace = market.charlie, market.grace
    assert charlie.get(f"/cases/{case}")[0] == 404
    suspension = {"effective_on": shown["since"], "reason_code": "complaint", "reason": "under investigation"}
    market.act("grace", "certificate.suspended", number, suspension, decision_maker="grace")
    assert stranger.get(f"/register/{number}")[1]["status"] == "suspended"
    assert stranger.get("/register?status=suspended")[1]["total"] == 1
    assert stranger.get(f"/register/{number}/certificate.hallmark")[0] == 503  # until the status is stated again
    draft = market.prepare("grace", "certificate.withdrawn", number, suspension)
    assert draft["all_of"] == ["decision_maker"]
    status, problem = grace.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"]) == (409, "approval-missing")


def test_the_file_of_a_case_shows_each_party_every_statement_with_its_claims(opened):
    case = opened.evaluated()
    seen = [opened.people[name].get(f"/cases/{case}") for name in ("alice", "dora", "ivan", "bea")]
    assert seen[0][0] == 200
    assert all(each == seen[0] for each in seen)
    shown = seen[0][1]
    kinds = [entry["kind"] for entry in shown["history"]]
    assert kinds == [
        "application.submitted",
        "application.accepted",
        "agreement.signed",
        "evaluation.planned",
        "sample.received",
        "test.reported",
        "audit.reported",
    ]
    assert shown["stage"] == "planned"
    assert "review.recommended" in shown["acts"]
    assert shown["history"][0]["claims"]["product"]["model"] == "LW-1"
    assert {each["function"] for each in shown["history"][5]["approvals"]} == {"tester", "authorised_signatory"}
    assert [line["case"] for line in opened.alice.get("/cases")[1]] == [case]
    assert opened.charlie.get("/cases") == (200, [])

    candidates = opened.dora.get(f"/cases/{case}/candidates?function=reviewer")[1]
    assert [(each["id"], each["excluded_by"]) for each in candidates] == [(opened.persons["frank"], None)]
    status, problem = opened.alice.get(f"/cases/{case}/candidates?function=reviewer")
    assert (status, problem["code"]) == (403, "not-a-member")
    laboratories = opened.dora.get(f"/cases/{case}/laboratories")[1]
    assert [each["name"]["en"] for each in laboratories] == ["Meridian"]
    assert opened.ivan.get(f"/cases/{case}/runs") == (200, [])
    status, problem = opened.ivan.post(
        f"/cases/{case}/runs", {"sample": case, "files": [{"role": "apk", "address": "0" * 64}]}
    )
    assert (status, problem["code"]) == (404, "no-such-evidence")


def test_an_application_says_what_it_lacks_and_cannot_be_accepted_without(opened):
    case = opened.apply(documents=opened.application()["documents"][1:])
    (missing,) = opened.dora.get(f"/cases/{case}/missing")[1]["missing"]
    assert missing["title"]["zh"]
    draft = opened.prepare("dora", "application.accepted", case, {"agreement": opened.agreement()})
    assert (draft["all_of"], draft["hosted"], draft["entry"]) == (["case_officer"], True, None)
    approval = opened.approval(draft, "case_officer", "dora")
    status, draft = opened.dora.post(f"/drafts/{draft['id']}/approvals", approval)
    assert [each["function"] for each in draft["approvals"]] == ["case_officer"]
    status, problem = opened.dora.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"], problem["article"]) == (
        409,
        "application-incomplete",
        "ISO/IEC 17065:2012 7.2, 7.3.1",
    )
    assert missing["document"] in problem["detail"]
    status, problem = opened.dora.post(f"/cases/{case}/certificate")
    assert (status, problem["code"]) == (409, "not-signed-off")


def test_an_organisation_that_holds_its_key_signs_where_the_key_is(opened):
    signer = SoftwareSigner.generate()
    key = {"algorithm": signer.public.algorithm, "material": signer.public.material.hex()}
    body = {"role": "laboratory", "name": {"zh": "天顶", "en": "Zenith"}, "address": "1 Road", "key": key}
    zenith = opened.olga.post("/organisations", body)[1]["id"]
    opened.olga.put(f"/organisations/{zenith}/members/{opened.persons['ivan']}", {"functions": ["manager"]})
    code = opened.olga.post("/resets", {"login": "ivan"})[1]["code"]
    assert opened.olga.post("/invitations", {"code": code, "password": "another horse battery"})[0] == 204
    credentials = {"login": "ivan", "password": "another horse battery"}
    assert opened.ivan.get("/me")[1]["code"] == "bad-token"  # a reset ends all tokens
    anybody = type(opened.ivan)()
    status, problem = anybody.post("/sign-in", credentials)
    assert (status, problem["code"]) == (400, "which-organisation")
    status, token = anybody.post("/sign-in", {**credentials, "organisation": zenith})
    opened.people["ivan"] = type(opened.ivan)(token["token"])
    opened.places = {**opened.places, "zenith": zenith}
    opened.homes["ivan"] = "zenith"

    claims = {"interest_in": opened.places["jade"], "nature": "ownership", "from": "2026-01-01"}
    draft = opened.prepare("ivan", "interest.declared", zenith, claims)
    assert not draft["hosted"]
    path = f"/drafts/{draft['id']}/submit"
    assert opened.ivan.post(path)[1]["code"] == "key-elsewhere"
    content = envelope.decode_draft(base64.b64decode(draft["content"]))
    assert content.approval_digest.hex() == draft["approval_digest"]
    other = opened.prepare("ivan", "interest.declared", zenith, {**claims, "nature": "family"})
    foreign = envelope.sign(envelope.decode_draft(base64.b64decode(other["content"])), (), signer)
    assert opened.ivan.post(path, {"signed": base64.b64encode(foreign).decode()})[1]["code"] == "another-draft"
    forged = envelope.sign(content, (), SoftwareSigner.generate())
    assert opened.ivan.post(path, {"signed": base64.b64encode(forged).decode()})[0] == 422
    signed = base64.b64encode(envelope.sign(content, (), signer)).decode()
    status, answer = opened.ivan.post(path, {"signed": signed})
    assert status == 200
    assert opened.ivan.get(f"/drafts/{draft['id']}")[1]["entry"] == answer["entry"]
    assert opened.ivan.post(path, {"signed": signed})[1]["code"] == "draft-submitted"
