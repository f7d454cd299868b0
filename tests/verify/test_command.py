"""`hallmark-verify` answers in words that people understand, in codes that programs understand, and never crashes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hallmark
from hallmark.certificate import credential, qr, untp
from hallmark.certificate.credential import Export
from hallmark.kernel import instant
from hallmark.statement import envelope
from hallmark.verify import command
from hallmark.verify.bundle import Attested
from hallmark.verify.command import CANNOT_TELL, IN_FORCE, NOT_GENUINE, NOT_IN_FORCE, USAGE, main
from verify.register import Register, state_status, trust
from world.market import ENVIRONMENT, key, org, public

AT = 1_795_863_000_000  # 2026-11-28
SOURCE = str(Path(hallmark.__file__).parent.parent)


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run the command on some bytes; returns exit code, standard output and standard error."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "HALLMARK_TRUST"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "trust.json"
    bundle.write_bytes(trust())

    def run(data, *options, trusting=None):
        file = tmp_path / "file"
        file.write_bytes(data)
        if trusting is not None:
            bundle.write_bytes(trusting)
        code = main([str(file), "--trust", str(bundle), *options])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def form(certified):
    """The bytes of a certificate in force, and the time at which that is known."""
    market, number = certified
    return Register(market).form(number).encode(), instant.to_text(market.clock)


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
        "Vouched by: The simulated operator",
        f"Record digest: {certified[0].state.get(f'certificate/{certified[1]}')['record'].hex()}",
    ):
        assert f"  {words}" in out
    assert "page" not in out.lower()


def test_the_same_in_chinese(run, form):
    code, out, _ = run(form[0], "--at", form[1], "--language", "zh")
    assert code == IN_FORCE
    assert out.startswith("真实，且有效。\n警告：这是开发账本")
    for words in ("证书编号：CFP-NORTH", "产品：莲花wallet, LW-1", "认证机构：模拟northern", "由谁担保：模拟运营方"):
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


# Not genuine, not usable.


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"HM1:XYZ", b"HM1:\xff", b"{}", b"{", b"eyJ.e.e", b"\xa6dform"])
def test_what_is_no_certificate_is_not_genuine(run, data):
    code, out, err = run(data)
    assert (code, out) == (NOT_GENUINE, "")
    assert err


def test_a_certificate_of_another_log_is_not_genuine(run, form):
    code, _, err = run(form[0], trusting=trust(logs=("another",)))
    assert (code, "no signature of a known key" in err) == (NOT_GENUINE, True)


def test_a_certificate_without_its_quorum_is_not_genuine(run, form):
    code, _, err = run(form[0], "--language=zh", trusting=trust(("a", "b"), 2))
    assert (code, "未达到法定共签数" in err) == (NOT_GENUINE, True)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["-h"],
        ["file", "file"],
        ["file", "--what"],
        ["file", "--language", "fr"],
        ["file", "--fresh-hours", "-1"],
        ["file", "--fresh-hours", "1.5"],
        ["file", "--fresh-hours", "9" * 9],
        ["file", "--at", "yesterday"],
        ["file", "--at", "2026-03-04"],
        ["file", "--at", "2026-03-04T00:00:00"],
        ["file", "--at", "2026-02-30T00:00:00Z"],
        ["file", "--at", "0000-01-01T00:00:00Z"],
        ["file", "--trust"],
        ["no such file"],
        ["file\0name"],
        ["file", "--trust", "no such bundle"],
        [".", "--trust", "."],
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_command_line_is_told_how_to_do_it(arguments, language, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", language)
    (tmp_path / "file").write_bytes(b"")
    assert main(arguments) == USAGE
    out, err = capsys.readouterr()
    assert "hallmark-verify" in out + err
    assert ("退出码" in out + err) == (language == "zh" and "fr" not in arguments)


@pytest.mark.parametrize("bundle", [b"", b"{}", b"[", b"\xff", trust()[:-5]])
def test_a_trust_bundle_that_cannot_be_read_is_no_answer_about_the_certificate(run, form, bundle):
    code, _, err = run(form[0], trusting=bundle)
    assert code == USAGE
    assert "bundle" in err


def test_a_bundle_beside_the_file_is_never_taken(form, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("HALLMARK_TRUST", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "file").write_bytes(form[0])
    (tmp_path / "trust.json").write_bytes(trust())
    assert main(["file", "--at", form[1]]) == USAGE
    assert str(tmp_path / "home" / ".config" / "hallmark" / "trust.json") in capsys.readouterr().err
    folder = tmp_path / "home" / ".config" / "hallmark"
    folder.mkdir(parents=True)
    (folder / "trust.json").write_bytes(trust())
    assert main(["file", "--at", form[1]]) == IN_FORCE
    (folder / "trust.json").write_bytes(trust(logs=("another",)))
    assert main(["file", "--at", form[1]]) == NOT_GENUINE
    monkeypatch.setenv("HALLMARK_TRUST", str(tmp_path / "trust.json"))
    assert main(["file", "--at", form[1]]) == IN_FORCE


def test_the_standard_input_is_a_file_too(form, tmp_path, monkeypatch, capsys):
    (tmp_path / "trust.json").write_bytes(trust())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(form[0])))
    assert main(["-", "--trust", str(tmp_path / "trust.json"), "--at", form[1]]) == IN_FORCE


def test_a_file_beyond_the_limit_is_not_read(run, monkeypatch):
    monkeypatch.setattr(command, "_MOST", 10_000)
    code, _, err = run(bytes(10_001))
    assert (code, "more than" in err) == (USAGE, True)


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_may_never_end_is_not_read(tmp_path, capsys, kind):
    (tmp_path / "trust.json").write_bytes(trust())
    path = tmp_path / "file"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    for place in ([str(path), "--trust", str(tmp_path / "trust.json")], ["file", "--trust", str(path)]):
        assert main([*place, "--language=en"]) == USAGE
        assert f"{path} cannot be read: it is no ordinary file" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "reason"), [("none", "没有该文件或文件夹"), (".", "是文件夹"), ("a\0b", "程序报告“")])
def test_the_system_too_speaks_the_language_of_the_reader(monkeypatch, tmp_path, capsys, name, reason):
    monkeypatch.chdir(tmp_path)
    assert main([name, "--trust", name, "--language=zh"]) == USAGE
    assert f"：{reason}" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--json"], ["--help"], []])
def test_an_answer_that_cannot_be_written_is_no_fault_of_the_verifier(form, tmp_path, arguments):
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(form[0])
    command = [sys.executable, "-m", "hallmark.verify.command", str(tmp_path / "file"), "--language=en", *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "--trust", str(tmp_path / "trust.json"), "--at", form[1]],
            env={**os.environ, "PYTHONPATH": SOURCE},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert (done.returncode, done.stderr.count("\n")) == (USAGE, 1)
    assert done.stderr.startswith("The answer cannot be written: No space left on device.")


def test_without_an_output_there_is_the_exit_code(form, tmp_path, monkeypatch):
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(form[0])
    monkeypatch.setattr("sys.stdout", None)
    assert main([str(tmp_path / "file"), "--trust", str(tmp_path / "trust.json"), "--at", form[1]]) == IN_FORCE


# Nothing breaks it.


def test_what_a_file_says_cannot_draw_on_the_screen(run, form):
    hostile = form[0].replace(b"simulated market", b"\xc2\x9b2J\xe2\x80\xaexxxxxxxxx", 1)
    _, out, err = run(hostile, "--at", form[1])
    assert not set(out + err) & {"\x9b", "\x1b", "\u202e", "\r"}
    assert command._shown("\x9b") == command._shown("\u202e") == command._shown("\n") == "\ufffd"
    assert command._shown("证") == "证"


def test_a_screen_without_chinese_shows_question_marks(form, tmp_path, monkeypatch):
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(form[0])
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", screen)
    arguments = [str(tmp_path / "file"), "--trust", str(tmp_path / "trust.json"), "--at", form[1], "--language", "zh"]
    assert main(arguments) == IN_FORCE
    assert screen.buffer.getvalue().startswith(b"??")


def test_a_fault_of_ours_is_no_answer_and_no_traceback(run, form, monkeypatch):
    monkeypatch.setattr(command, "verify_file", lambda *_, **__: 1 // 0)
    code, out, err = run(form[0])
    assert (code, out) == (CANNOT_TELL, "")
    assert "The verifier failed (ZeroDivisionError" in err
    assert json.loads(run(form[0], "--json")[1])["error"] == "broken-verifier"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.sampled_from([b"", b"HM1:", b"{", b"eyJ", b"%PDF-", b"\xa6dformvhallmark/certificate/1", b"\xd2\x84"]),
    st.binary(max_size=100),
)
def test_whatever_the_file_there_is_an_exit_code_and_a_sentence(run, start, data):
    code, out, err = run(start + data)
    assert code in {NOT_GENUINE, CANNOT_TELL}
    assert err
    assert "Traceback" not in out + err
    assert "verifier failed" not in err


def test_the_command_itself_runs_with_nothing_but_the_base_install(form, tmp_path):
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(form[0])
    script = (
        "import json, sys; before = set(sys.modules); from hallmark.verify.command import main; code = main()\n"
        "loaded = {name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(json.dumps(sorted(loaded))); sys.exit(code)"
    )
    arguments = [str(tmp_path / "file"), "--trust", str(tmp_path / "trust.json"), "--at", form[1], "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    answer, loaded = done.stdout.splitlines()
    assert (done.returncode, done.stderr, json.loads(answer)["answer"]) == (IN_FORCE, "", "in-force")
    assert set(json.loads(loaded)) <= {"hallmark", "cryptography", "_cffi_backend", "_openssl", "cbor2", "_cbor2"}


def test_a_reader_that_goes_away_early_gets_no_complaint(form, tmp_path):
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(form[0])
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hallmark.verify.command",
            str(tmp_path / "file"),
            "--trust",
            str(tmp_path / "trust.json"),
        ],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (CANNOT_TELL, b"")
