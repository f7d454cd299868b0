"""Files on their way in and out."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from hallmark.office.jobs.clock import now
from hallmark.office.jobs.worker import work
from hallmark.office.registry import services
from hallmark.server.work import HANDLERS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bring(office, people):
    """Bring a file as Alice of Lotus; return status and answer."""

    def store(content: bytes, query: str = "&name=plan.pdf", media_type: str = "application/pdf", **options):
        path = f"/evidence?organisation={office.places['lotus']}{query}"
        return people.alice.call("POST", path, data=content, content_type=media_type, **options)

    return store


def test_a_file_comes_back_as_it_went_in_and_only_to_those_who_may_read(office, people, stranger, bring):
    content = bytes(range(256)) * 1024
    status, kept = bring(content)
    assert status == 201
    assert kept == {
        "title": "plan.pdf",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "address": kept["address"],
    }
    path = f"/evidence/{kept['address']}"
    answer = people.alice.raw("GET", path)
    assert b"".join(answer.streaming_content) == content
    assert (answer["Content-Type"], answer["Content-Length"]) == ("application/pdf", str(len(content)))
    assert answer["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    for caller in (stranger, people.dora, people.charlie):
        assert caller.get(path)[1]["code"] == "no-such-evidence"
    share = {"organisation": office.places["northern"]}
    assert people.dora.post(f"{path}/readers", share)[1]["code"] == "no-such-evidence"
    assert people.alice.post(f"{path}/readers", share) == (204, None)
    assert people.dora.raw("GET", path).status_code == 200
    assert people.dora.post(f"{path}/readers", share)[1]["code"] == "not-the-owner"
    assert people.alice.delete(f"{path}/readers/{office.places['northern']}") == (204, None)
    assert people.dora.get(path)[0] == 404


def test_public_evidence_is_for_everybody(bring, stranger):
    _, kept = bring("说明".encode(), "&name=说明.txt&visibility=public", "text/plain")
    assert b"".join(stranger.raw("GET", f"/evidence/{kept['address']}").streaming_content) == "说明".encode()


def test_what_is_cut_short_or_too_large_leaves_nothing_behind(bring, settings):
    def stored() -> list[str]:
        return [str(path) for path in settings.HALLMARK_EVIDENCE.rglob("*") if path.is_file()]

    before = stored()
    cut = {"wsgi.input": BytesIO(b"half of it"), "CONTENT_LENGTH": "20"}
    status, problem = bring(b"half of it", **cut)
    assert (status, problem["code"], problem["facts"]) == (400, "cut-short", {"got": 10, "announced": 20})
    assert bring(b"no length", CONTENT_LENGTH="")[1]["code"] == "no-length"
    settings.HALLMARK_UPLOAD_LIMIT = 5
    status, problem = bring(b"six by")
    assert (status, problem["code"]) == (413, "too-large")
    assert stored() == before


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "bad-request"),
        ("&name=", "bad-request"),
        ("&name=a%00b", "bad-request"),
        ("&name=a%E2%80%AEb", "bad-claim"),
        ("&name=x&case=odd", "bad-request"),
        ("&name=x&case=CASE-4BBARBHN-BFJD2F3X-S", "no-such-case"),
        ("&name=x&visibility=secret", "bad-request"),
    ],
)
def test_odd_names_cases_and_visibilities_are_refused(bring, query, code):
    assert bring(b"x", query)[1]["code"] == code


def test_odd_types_addresses_and_owners_are_refused(office, people, bring):
    assert bring(b"x", media_type="odd")[1]["code"] == "bad-media-type"
    assert people.alice.get("/evidence/..%2F..%2Fsecret")[0] in {400, 404}
    assert people.alice.get(f"/evidence/{'0' * 63}")[0] == 400
    path = f"/evidence?organisation={office.places['jade']}&name=x"
    assert people.alice.call("POST", path, data=b"x", content_type="text/plain")[1]["code"] == "not-a-member"


def test_evidence_is_erased_by_its_owner_through_an_entry_and_by_nobody_else(market, bring):
    lotus, jade = market.places["lotus"], market.places["jade"]
    status, kept = bring(b"the secret of lotus")
    path = f"/evidence/{kept['address']}"
    claims = {"address": kept["address"], "ground": "retention", "reason": "its time is over"}
    body = {"kind": "evidence.erased", "issuer": jade, "subject": jade, "claims": claims}
    assert market.charlie.post("/drafts", body)[1]["code"] == "no-such-evidence"
    market.alice.post(f"{path}/readers", {"organisation": jade})
    status, problem = market.charlie.post("/drafts", body)
    assert (status, problem["code"]) == (403, "not-the-owner")

    market.act("alice", "evidence.erased", lotus, claims)
    assert market.alice.raw("GET", path).status_code == 200  # a worker erases, once the entry is final
    work("w", HANDLERS, now, until_idle=True)
    assert market.alice.get(path)[1]["code"] == "erased"


def test_the_key_of_evidence_outlives_every_refusal_to_erase_it(opened):
    """A draft to erase what a case rests on is refused by the rules; no entry, so no job, and the file is read on."""
    offered = opened.agreement()
    case = opened.apply()
    opened.act("dora", "application.accepted", case, {"agreement": offered}, case_officer="dora")
    path, northern = f"/evidence/{offered['address']}", opened.places["northern"]
    claims = {"address": offered["address"], "ground": "retention", "reason": "in a hurry"}
    draft = opened.prepare("dora", "evidence.erased", northern, claims)
    status, problem = opened.dora.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"], problem["facts"]["case"]) == (409, "case-not-ended", case)
    assert "art. 21" in problem["article"]
    work("w", HANDLERS, now, until_idle=True)
    assert opened.alice.raw("GET", path).status_code == 200

    opened.act("alice", "application.withdrawn", case, {"reason": "no"}, applicant_representative="alice")
    status, problem = opened.dora.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"]) == (409, "kept-after-case")
    work("w", HANDLERS, now, until_idle=True)
    assert opened.alice.raw("GET", path).status_code == 200


def test_an_agreement_is_the_bodys_own_file_and_the_applicant_can_read_it(opened):
    case = opened.apply()

    def refused(**changes: object) -> str:
        body = {"kind": "application.accepted", "issuer": opened.places["northern"], "subject": case}
        claims = {"agreement": {**opened.agreement(reader="jade"), **changes}}
        return opened.dora.post("/drafts", body | {"claims": claims})[1]["code"]

    assert refused() == "not-shared"
    assert refused(sha256="00" * 32) == "other-content"
    assert refused(address="00" * 32) == "no-such-evidence"
    body = {"kind": "application.accepted", "issuer": opened.places["northern"], "subject": CASE_OF_NOBODY}
    assert (
        opened.dora.post("/drafts", body | {"claims": {"agreement": opened.agreement()}})[1]["code"] == "no-such-case"
    )

    offered = opened.agreement()
    opened.act("dora", "application.accepted", case, {"agreement": offered}, case_officer="dora")
    assert b"".join(opened.alice.raw("GET", f"/evidence/{offered['address']}").streaming_content) == b"we agree"
    other = {"agreement": "00" * 32}
    draft = opened.prepare("alice", "agreement.signed", case, other)
    approval = opened.approval(draft, "applicant_representative", "alice")
    opened.alice.post(f"/drafts/{draft['id']}/approvals", approval)
    assert opened.alice.post(f"/drafts/{draft['id']}/submit")[1]["code"] == "agreement-differs"


CASE_OF_NOBODY = "CASE-4BBARBHN-BFJD2F3X-S"


def test_an_entry_about_the_evidence_of_others_erases_nothing(market, bring):
    _, kept = bring(b"the secret of lotus")
    claims = {"address": bytes.fromhex(kept["address"]), "ground": "malice", "reason": "admitted by the rules alone"}
    jade = market.places["jade"]
    services.append([services.issue("evidence.erased", jade, jade, claims)])
    work("w", HANDLERS, now, until_idle=True)
    assert market.alice.raw("GET", f"/evidence/{kept['address']}").status_code == 200
