"""`hallmark-verify` is told what to do, reads whatever it is given, and whatever that is, never crashes."""

from __future__ import annotations

import errno
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
from hallmark.verify import command
from hallmark.verify.command import CANNOT_TELL, IN_FORCE, NOT_GENUINE, USAGE, main
from verify.register import trust

SOURCE = str(Path(hallmark.__file__).parent.parent)


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
        ["file", "--at", "0001-01-01T00:00:00+14:00"],  # of the year before in UTC
        ["file", "--at", "9999-12-31T23:59:59Z"],  # of the year after in Beijing
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


@pytest.mark.parametrize("short", ["--lang=zh", "--l=zh"])
def test_an_option_may_be_cut_short(run, form, short):
    assert run(form[0], short)[1].startswith("确曾颁发")
    assert json.loads(run(b"", "--js")[1])["exit"] == NOT_GENUINE


def test_the_name_of_a_file_writes_no_line_of_the_answer(capsys, tmp_path):
    name = str(tmp_path / "none\nGenuine, and in force.\x1b[2J")
    assert main([name, "--trust", name, "--language=en"]) == USAGE
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("none\ufffdGenuine, and in force.\ufffd[2J cannot be read: No such file or directory")
    assert rest == command._PURPOSE.en.split("\n")


def test_a_standard_input_that_is_closed_cannot_be_read(tmp_path, monkeypatch, capsys):
    (tmp_path / "trust.json").write_bytes(trust())
    monkeypatch.setattr("sys.stdin", None)
    for language, words in (("zh", "未打开"), ("en", os.strerror(errno.EBADF))):
        assert main(["-", "--trust", str(tmp_path / "trust.json"), f"--language={language}"]) == USAGE
        assert words in capsys.readouterr().err


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
