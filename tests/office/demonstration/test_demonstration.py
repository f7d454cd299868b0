"""The demonstration is the whole way on real input; what it leaves behind is looked at from every side."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import pytest
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.certificate.status import Status
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.office.casework import queries as casework
from hallmark.office.jobs.clock import now
from hallmark.office.registry import check, projection, queries, search
from hallmark.office.registry.errors import ReplayDiffers
from hallmark.office.registry.models import Certificate, Entry, Head, SearchTerm, StateRecord
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.decision import EvaluatorReviews, ReviewerDecides, SignatoryInvolved
from hallmark.rules.personnel import PersonNotCompetent
from hallmark.rules.state import digest_of
from hallmark.server import operate
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import verify_certificate
from world.languages import english_in, is_chinese


@pytest.fixture(scope="module")
def said(django_db_setup, django_db_blocker, tmp_path_factory):
    """What the demonstration said; its database stays as it left it for the tests of this module."""
    from django.conf import settings

    from hallmark.lab import runner
    from hallmark.office.evidence import vault
    from hallmark.office.keys import services as keys
    from hallmark.server.demonstration import show

    folder = tmp_path_factory.mktemp("demonstration")
    changed = {"DATA": folder, "HALLMARK_LOG": folder / "log", "HALLMARK_KEYS": folder / "keys"}
    kept = {name: getattr(settings, name) for name in changed}
    for name, value in changed.items():
        setattr(settings, name, value)
    keys.port.cache_clear()
    vault.server_vault.cache_clear()
    runner.warm()
    lines: list[Text] = []
    with django_db_blocker.unblock():
        show.load(lines.append)
        yield lines
        call_command("flush", verbosity=0, interactive=False)
    for name, value in kept.items():
        setattr(settings, name, value)
    keys.port.cache_clear()
    vault.server_vault.cache_clear()


pytestmark = pytest.mark.django_db  # what a test changes is undone


def cases():
    return {record["product"]["model"] + " " + record["stage"]: case for case, record in _all_cases()}


def _all_cases():
    return [(key.removeprefix("case/"), record) for key, record in DatabaseState().scan("case/")]


def certificate():
    return Certificate.objects.get()


def test_it_ends_well_and_badly_as_it_should(said):
    stages = sorted(record["stage"] for _, record in _all_cases())
    assert stages == ["certified", "closed", "declined", "planned", "refused"], "\n".join(words.en for words in said)


def test_the_reference_app_passed_every_automatic_item_and_personas_are_marked(said):
    from hallmark.office.testing.models import TestRun

    case = cases()["HRP-1 certified"]
    record = TestRun.objects.get(case=case).record
    from hallmark.lab import record as lab_record

    record = lab_record.decode(bytes(record))
    assert record.session["isolation"] == "bubblewrap"
    assert all("persona" in each.reason for each in record.by_hand)
    automatic = {line.id for line in record.requirements} - set(record.for_people)
    assert {str(record.verdict(item)) for item in automatic} <= {"pass", "not-applicable"}


def _report(model, form="pdf", who="body"):
    from hallmark.office.accounts.policies import Actor
    from hallmark.office.testing import report

    case = cases()[model]
    record = queries.case(case)
    reader = Actor(offices={record[who]: frozenset()})
    return report.draw(reader, case, record["tests"][-1]["report"], form)


def test_who_signs_reads_the_page_that_is_issued_but_for_the_signatures(said, text_of):
    from hallmark.lab import record as lab_record
    from hallmark.office.evidence import queries as evidence
    from hallmark.paper.report import RECORD
    from hallmark.verify.attachment import attachment

    case = cases()["HRP-1 certified"]
    readers = [queries.case(case)["body"]]
    kept = {each.name.split(" RUN-")[0]: each for each in evidence.of_case(case, readers)}
    page, record = (b"".join(evidence.read(kept[name].address, readers)) for name in ("test report", "result record"))
    assert kept["test report"].media_type == "application/pdf"
    assert attachment(page, RECORD) == record == attachment(_report("HRP-1 certified"), RECORD)
    draft, issued = text_of(page), text_of(_report("HRP-1 certified"))
    assert "Draft,notsigned" in draft
    assert "Draft" not in issued
    assert lab_record.decode(record).digest.hex() in draft
    assert "Authorisedsignatory" in issued
    assert "Authorisedsignatory" not in draft


def test_the_laboratory_sealed_its_report(said):
    from hallmark.verify import page

    laboratory = queries.case(cases()["U2 refused"])["laboratory"]
    seal = queries.claims(queries.history(laboratory)[0])["seal"]
    pdf = _report("U2 refused")
    page.verify(pdf, [seal], now())
    changed = bytearray(pdf)
    changed[len(pdf) // 2] ^= 1
    with pytest.raises(HallmarkError):
        page.verify(bytes(changed), [seal], now())


def test_a_real_package_honestly_failed(said):
    case = cases()["U2 refused"]
    verdicts = queries.case(case)["tests"][-1]["verdicts"]
    assert "fail" in {verdicts[item] for item in ("CLI-03", "CLI-04", "CLI-05", "CLI-06")}


def test_a_stranger_checks_the_certificate_with_the_trust_bundle_alone(said):
    form, bundle = queries.machine_form(certificate().number), queries.trust_bundle()
    answer = verify_certificate(form, TrustBundle.parse(bundle), now())
    assert answer.status is Status.IN_FORCE
    assert answer.record["product"]["model"] == "HRP-1"
    assert answer.development


@pytest.fixture
def pdf(said, tmp_path):
    """The sealed certificate, and a run of the verifier's command on whatever stands in for it."""
    from hallmark.office.papers import services as papers
    from hallmark.verify.command import main

    (tmp_path / "trust.json").write_bytes(queries.trust_bundle())

    def run(content):
        (tmp_path / "certificate.pdf").write_bytes(content)
        return main([str(tmp_path / "certificate.pdf"), "--trust", str(tmp_path / "trust.json")])

    return papers.draw_certificate(certificate().number), run


def test_a_bank_checks_page_and_status_of_the_pdf_offline(pdf, capsys):
    content, run = pdf
    assert run(content) == 0
    assert "byte for byte, what the issuing body sealed" in capsys.readouterr().out


def test_a_page_changed_after_sealing_is_not_genuine(pdf, capsys):
    content, run = pdf
    for place in range(100, len(content), len(content) // 40):
        changed = bytearray(content)
        changed[place] ^= 1
        assert run(bytes(changed)) != 0, place
    assert run(content + b"\n%%EOF\n") in (2, 3)


def test_a_genuine_machine_form_in_a_forged_page_is_not_genuine(pdf, capsys):
    from hallmark.paper.certificate import MACHINE_FORM, render_certificate
    from hallmark.verify.attachment import attachment

    content, run = pdf
    record = dict(queries.find_public_record(certificate().number))
    record["product"] = {**record["product"], "version": "9.9.9"}
    forged = render_certificate(certificate().number, record, attachment(content, MACHINE_FORM), now())
    assert run(forged) == 2
    assert "not verified" in capsys.readouterr().err


def test_the_register_finds_it_in_both_languages(said):
    today = certificate().valid_from
    for text in ("reference", "参考支付", "莲花", "LOTUS payment", certificate().number):
        assert search.find(text, today=today).total == 1, text
    for text in ("jade", "玉石", "莲藕"):
        assert search.find(text, today=today).total == 0, text


def test_a_full_replay_finds_nothing_wrong(said):
    assert check.replay().entries == Entry.objects.count()


def _edit_record(key, **news):
    row = StateRecord.objects.get(pk=key)
    row.record = canonical.encode({**canonical.decode(bytes(row.record)), **news})
    row.save()


def _edit_certificate():
    _edit_record(f"certificate/{certificate().number}", valid_until="2050-01-01")


def _edit_case():
    _edit_record(f"case/{cases()['U2 refused']}", stage="granted")


def _drop_entry():
    Entry.objects.filter(index=Entry.objects.count() // 2).delete()


def _edit_entry():
    row = Entry.objects.filter(kind="decision.made").first()
    row.encoded = bytes(row.encoded)[:-1] + bytes([bytes(row.encoded)[-1] ^ 1])
    row.save()


def _misfile_entry():
    Entry.objects.filter(kind="decision.made").update(subject="CASE-X")


def _add_record():
    StateRecord.objects.create(key="certificate/FAKE", family="certificate", record=canonical.encode({}), entry=3)


def _drop_record():
    StateRecord.objects.filter(key__startswith="person/").first().delete()


def _show_another_status():
    Certificate.objects.update(status="withdrawn")


def _turn_back_head():
    head = Head.objects.get()
    head.frontier = canonical.encode([0])
    head.save()


@pytest.mark.parametrize(
    "edit",
    [
        _edit_certificate,
        _edit_case,
        _drop_entry,
        _edit_entry,
        _misfile_entry,
        _add_record,
        _drop_record,
        _show_another_status,
        _turn_back_head,
    ],
)
def test_a_database_edited_behind_the_ledger_is_found(said, edit):
    edit()
    with pytest.raises(ReplayDiffers):
        check.replay()


def test_projections_are_dropped_and_made_again_the_same(said):
    def shown():
        terms = sorted(SearchTerm.objects.values_list("term", "certificate"))
        return list(Certificate.objects.values_list("number", "status", "valid_until")), terms

    before, state = shown(), digest_of(DatabaseState())
    projection.rebuild()
    assert (shown(), digest_of(DatabaseState())) == (before, state)


def _excluded(case, function):
    return {each.name.en.split()[0]: type(each.excluded_by) for each in casework.candidates(case, function)}


def test_only_those_may_act_whom_no_rule_excludes(said):
    case = cases()["HRP-1 certified"]
    nobody = type(None)
    assert _excluded(case, "reviewer") == {"Frank": nobody}
    assert _excluded(case, "decision_maker") == {"Grace": nobody, "Kate": nobody}
    assert _excluded(case, "responsible_person") == {"Henry": SignatoryInvolved}
    assert _excluded(cases()["U2 refused"], "responsible_person") == {"Henry": nobody}


def test_whoever_evaluated_or_reviewed_is_excluded_with_the_rule(said):
    from hallmark.office.registry import services

    case = cases()["HRP-1 certified"]
    northern = queries.case(case)["body"]
    people = {name: person for person, name in _names().items()}
    for name, function in (("Erin", "reviewer"), ("Frank", "decision_maker"), ("Grace", "responsible_person")):
        claims = {
            "function": function,
            "scheme": "cfp",
            "product_types": ["CFP-01"],
            "valid_from": "2020-01-01",
            "valid_until": "2040-01-01",
            "basis": "test",
        }
        services.append([services.issue("competence.recorded", northern, people[name], claims)])
    assert _excluded(case, "reviewer")["Erin"] is EvaluatorReviews
    assert _excluded(case, "decision_maker")["Frank"] is ReviewerDecides
    assert _excluded(case, "responsible_person")["Grace"] is SignatoryInvolved


def _names():
    from hallmark.office.accounts import queries as accounts

    everybody = [key.removeprefix("person/") for key, _ in DatabaseState().scan("person/")]
    return {person: name.split()[0] for person, name in accounts.person_names(everybody).items()}


def test_somebody_of_another_type_is_excluded(said):
    (case,) = [case for case, record in _all_cases() if record["product_type"] == "CFP-02"]
    assert {each.id: each.excluded_by for each in casework.laboratories(case)}
    assert _excluded(case, "tester") == {"Leo": type(None)}
    (refused,) = [c for c, r in _all_cases() if r["stage"] == "refused"]
    by_name = {each.name.en.split()[0]: each.excluded_by for each in casework.laboratories(refused)}
    assert by_name["Meridian"] is None
    assert by_name["Zenith"] is not None
    assert PersonNotCompetent.article


def test_it_is_told_in_both_languages(said):
    assert len(said) > 20
    for words in said:
        assert is_chinese(words.zh)
        assert english_in(words.zh) == []
        assert not is_chinese(words.en)


@pytest.mark.parametrize(("locale", "language"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "en")])
def test_a_later_start_tells_only_who_the_people_are_in_the_language_of_the_locale(
    said, locale, language, monkeypatch, settings, tmp_path, capsys
):
    settings.HALLMARK_NODES = tmp_path
    monkeypatch.setattr("hallmark.server.serve.migrate", lambda: None)
    monkeypatch.setattr("hallmark.node.attester.program.missing", lambda: ["swtpm"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for name in ("HALLMARK_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    monkeypatch.setenv("HALLMARK_ENVIRONMENT", settings.HALLMARK_ENVIRONMENT)
    monkeypatch.setenv("HALLMARK_ORIGIN", settings.ORIGIN)
    operate.demo(Namespace(load_only=True, host=operate.HOST, port=operate.PORT))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.partition("] ")[2] == said[-1].in_language(language)
    assert "alice" in line
