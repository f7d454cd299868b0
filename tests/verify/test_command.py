"""`hallmark-verify` answers in words that people understand and in codes that programs understand."""

from __future__ import annotations

import json

import pytest

from hallmark.certificate import credential, qr, untp
from hallmark.certificate.credential import Export
from hallmark.kernel import instant
from hallmark.statement import envelope
from hallmark.verify import command
from hallmark.verify.bundle import Attested
from hallmark.verify.command import CANNOT_TELL, IN_FORCE, NOT_GENUINE, NOT_IN_FORCE
from verify.register import Register, state_status, trust
from world.cast import key, org, public
from world.ledger import ENVIRONMENT

AT = 1_795_863_000_000  # 2026-11-28


def changed(market, number, event):
    market.set_status(event, number)
    state_status(market)
    return Register(market).form(number).encode(), instant.to_text(market.clock)


def around(data):
    """Return a page that claims something else, around the machine form in `data`."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(certificate.hallmark)4 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 6 0 R>>",
        b"<</Type/Filespec/F(certificate.hallmark)/UF(certificate.hallmark)/EF<</F 5 0 R>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data),
        b"<</Length 37>>\nstream\nBT 9 9 Td (CERTIFIED: Other Wallet) Tj ET\nendstream",
    ]
    whole, places = b"%PDF-1.7\n", []
    for number, content in enumerate(parts, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(whole)
    return whole + b"xref\n0 7\n0000000000 65535 f \n" + table + end


# Answers.


def test_a_certificate_in_force(run, certified, form):
    code, out, err = run(form[0], "--at", form[1])
    assert (code, err) == (IN_FORCE, "")
    assert out.startswith("Genuine, and in force.\nWarning: this is a development ledger")
    for words in (
        f"Time asked about: {form[1]}",
        "Certificate: CFP-NORTH-2026-01-000001-6",
        "Product: Wallet, LW-1",
        "Version: 1.0.0",
        "Build: package.bin, SHA-256 62f18b95",
        "Certified by: Northern",
        "Inspected by: Meridian",
        "Valid: 2026-03-04 … 2029-03-04",
        "Vouched by: The simulated operator (one operator's key alone)",
        f"Record digest: {certified[0].state.get(f'certificate/{certified[1]}')['record'].hex()}",
    ):
        assert f"  {words}" in out
    assert "page" not in out.lower()


def test_the_same_in_chinese(run, form):
    code, out, _ = run(form[0], "--at", form[1], "--language", "zh")
    assert code == IN_FORCE
    assert out.startswith("真实，且有效。\n警告：这是开发账本")
    for words in (
        "证书编号：CFP-NORTH",
        "产品：莲花wallet, LW-1",
        "认证机构：模拟northern",
        "由谁担保：模拟运营方（仅此一家运营方的密钥）",
    ):
        assert f"  {words}" in out


def test_the_language_is_that_of_the_surroundings(run, form, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run(form[0], "--at", form[1])[1].startswith("真实")
    monkeypatch.setenv("LC_ALL", "C")
    assert run(form[0], "--at", form[1])[1].startswith("Genuine")


def test_a_ledger_that_is_no_development_ledger_brings_no_warning(run, form):
    out = run(form[0], "--at", form[1], trusting=trust(development=False))[1]
    assert "Warning" not in out


@pytest.mark.parametrize("event", ["suspended", "withdrawn", "cancelled"])
def test_a_certificate_not_in_force(run, certified, event):
    data, at = changed(*certified, event)
    code, out, _ = run(data, "--at", at)
    assert code == NOT_IN_FORCE
    assert out.startswith(f"Genuine, but {event}.")
    assert f"Status: {event}, 2026-03-04 (operator)" in out


def test_an_expired_certificate(run, form):
    code, out, _ = run(form[0], "--at", "2029-03-05T00:00:00+08:00")
    assert (code, out.partition("\n")[0]) == (NOT_IN_FORCE, "Genuine, but expired.")


def test_the_present_is_the_wall_clock(run, form, monkeypatch):
    monkeypatch.setattr(command.time, "time_ns", lambda: 1_772_700_000 * 10**9)
    code, out, _ = run(form[0])
    assert (code, "days ago" in out) == (CANNOT_TELL, False)
    assert "hours old" in out
    assert run(form[0], "--fresh-hours", "40")[0] == IN_FORCE


def test_a_time_to_come_is_not_answered(run, form, monkeypatch):
    monkeypatch.setattr(command.time, "time_ns", lambda: 1_772_586_200 * 10**9)
    assert run(form[0])[0] == IN_FORCE
    assert run(form[0], "--at", "2026-03-04T12:00:00Z")[0] == CANNOT_TELL


@pytest.mark.parametrize("event", ["", "withdrawn"])
def test_a_page_that_was_not_checked_cannot_be_told_whatever_is_attached(run, certified, form, event):
    if event:
        form = changed(*certified, event)
    code, out, _ = run(around(form[0]), "--at", form[1])
    assert code == CANNOT_TELL
    assert out.startswith("Page not checked: the file brings no seal of the body, so nothing on the page is proven.")
    assert f"Record inside: Genuine, {f'but {event}' if event else 'and in force'}." in out
    code, out, _ = run(around(form[0]), "--at", form[1], "--json")
    answer = json.loads(out)
    assert (code, answer["exit"], answer["answer"], answer["page"]) == (3, 3, "unknown", "not-checked")
    assert (answer["since"], answer["why"]["en"][:17]) == (None, "Page not checked:")
    assert run(around(form[0]), "--at", form[1], "--language=zh")[1].startswith("页面未核验：")


def test_an_older_key_entry_stapled_without_the_seal_does_not_make_a_forged_page_good(run, signed_off):
    """The attack: the body got a seal later under the same key; who staples the entry before it hides the seal."""
    market, case = signed_off
    northern = {"key": public(key("northern")), "hosted": True, "reason": "a seal", "seal": b"\x30" * 600}
    market.submit("organisation.rekeyed", "bank", org("northern"), northern)
    number = market.issue(case)
    state_status(market)
    register, at = Register(market), instant.to_text(market.clock)
    for kind, code, words in (
        ("organisation.rekeyed", NOT_GENUINE, "The page is not verified"),
        ("organisation.registered", CANNOT_TELL, "Page not checked"),
    ):
        forged = around(register.form(number, issuer=register.find(kind, org("northern"))).encode())
        found, out, err = run(forged, "--at", at)
        assert (found, (out + err).startswith(words)) == (code, True)


def test_a_pdf_of_somebody_else_cannot_be_told(run):
    code, out, err = run(b"%PDF-1.7\n%%EOF\n")
    assert (code, out) == (CANNOT_TELL, "")
    assert "not a PDF that Hallmark wrote" in err


@pytest.fixture
def others(certified):
    """A printed proof, a printed reference and both credentials of a certificate."""
    market, number = certified
    register = Register(market)
    issued = register.form(number).issued
    draft = envelope.parse(issued.encoded).draft
    export = Export(number, draft.public, draft.issued_at, ENVIRONMENT, "https://register.example", 0)
    return {
        "proof": qr.encode_proof(issued, register.checkpoint).encode(),
        "reference": qr.encode_reference(number, export.digest, export.address).encode(),
        "w3c": credential.issue(export, key("northern")),
        "untp": untp.issue(export, key("northern")),
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("proof", "Genuinely issued; whether it is in force cannot be told."),
        ("reference", "This code proves nothing"),
        ("w3c", "Genuinely signed by the body"),
        ("untp", "Genuinely signed by the body"),
    ],
)
def test_what_says_nothing_of_the_status_cannot_be_told(run, others, kind, words):
    code, out, err = run(b"\n" + others[kind] + b"\n")
    assert code == CANNOT_TELL
    assert (out + err).startswith(words)
    code, out, _ = run(others[kind], "--json")
    assert (code, json.loads(out)["answer"]) == (CANNOT_TELL, "unknown")


# Who vouches, and how their nodes are attested.

NODES = {"a": Attested("tpm", 6, AT), "b": Attested("tpm", 6, AT), "c": Attested("amd-sev-snp", 1, AT)}


@pytest.fixture
def cosigned(certified):
    market, number = certified
    return Register(market, ("a", "b", "c", "d")).form(number).encode(), ("--at", instant.to_text(market.clock))


@pytest.mark.parametrize(
    ("language", "development", "line"),
    [
        (
            "en",
            True,
            (
                "  Nodes attested: Witness a, Witness b (software TPM, self-reported measurement, accepted by 6 "
                "members, 2026-11-28); Witness c (amd-sev-snp, accepted by 1 member, 2026-11-28); "
                "Witness d (not attested)"
            ),
        ),
        (
            "zh",
            False,
            (
                "  节点证明：见证方a、见证方b（TPM，度量值为自行报告，6 个成员认可，2026-11-28）；"
                "见证方c（amd-sev-snp，1 个成员认可，2026-11-28）；见证方d（未证明）"
            ),
        ),
    ],
)
def test_who_is_attested_by_what_accepted_by_how_many_and_when(run, cosigned, language, development, line):
    form, at = cosigned
    trusting = trust(("a", "b", "c", "d"), 3, development=development, attested=NODES)
    _, out, _ = run(form, *at, f"--language={language}", trusting=trusting)
    assert line in out.splitlines()


def test_json_names_those_that_are_attested_and_nobody_else(run, cosigned):
    form, at = cosigned
    _, out, _ = run(form, *at, "--json", trusting=trust(("a", "b", "c", "d"), 3, attested=NODES))
    attested = json.loads(out)["attested"]
    assert [(each["name"]["en"], each["self_reported"], each["accepted_by"]) for each in attested] == [
        ("Witness a", True, 6),
        ("Witness b", True, 6),
        ("Witness c", False, 1),
    ]
    assert attested[2]["family"] == "amd-sev-snp" and attested[2]["at"].startswith("2026-11-28T")


def test_where_no_node_vouches_nothing_is_said_of_nodes(run, form):
    _, out, _ = run(form[0], "--at", form[1])
    assert "attested" not in out


# JSON.


def test_json_holds_everything(run, form):
    code, out, _ = run(form[0], "--at", form[1], "--json")
    answer = json.loads(out)
    assert (code, answer["exit"], answer["answer"], answer["since"]) == (0, 0, "in-force", "2026-03-04")
    assert answer["record"]["product"]["version"] == "1.0.0"
    assert answer["vouched_by"] == [{"zh": "模拟运营方", "en": "The simulated operator"}]
    assert (answer["known_at"], answer["environment"], answer["development"]) == (form[1], ENVIRONMENT, True)
    assert len(answer["trust_bundle"]) == len(answer["record_digest"]) == 64


def test_json_says_why_not(run, form):
    code, out, _ = run(form[0][:-1], "--json")
    answer = json.loads(out)
    assert (code, answer["exit"], answer["answer"], answer["error"]) == (2, 2, "not-genuine", "not-canonical")
    assert set(answer["why"]) == {"zh", "en"}


# Not genuine.


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"HM1:XYZ", b"HM1:\xff", b"{}", b"{", b"eyJ.e.e", b"\xa6dform"])
def test_what_is_no_certificate_is_not_genuine(run, data):
    code, out, err = run(data)
    assert (code, out) == (NOT_GENUINE, "")
    assert err


def test_a_certificate_of_another_log_is_not_genuine(run, form):
    code, _, err = run(form[0], trusting=trust(logs=("another",)))
    assert (code, "no signature of a known key" in err) == (NOT_GENUINE, True)


def test_from_a_bundle_of_another_epoch_it_cannot_be_told(run, form):
    for language, words in (("en", "hallmark trust --follow"), ("zh", "纪元 1，而您的信任包属于纪元 2")):
        code, out, err = run(form[0], f"--language={language}", trusting=trust(origin="log.example/simulated/e2"))
        assert (code, out, words in err) == (CANNOT_TELL, "", True)
    assert json.loads(run(form[0], "--json")[1])["answer"] == "unknown"


def test_a_certificate_without_its_quorum_is_not_genuine(run, form):
    code, _, err = run(form[0], "--language=zh", trusting=trust(("a", "b"), 2))
    assert (code, "未达到法定共签数" in err) == (NOT_GENUINE, True)
