"""Desks: languages, exit codes, keys, profiles, and servers that are not what they should be."""

from __future__ import annotations

import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hallmark.cli import claims
from hallmark.cli.commands import COMMANDS, GROUPS
from hallmark.cli.errors import BadArgument
from hallmark.cli.main import main
from hallmark.kernel.keys import SoftwareSigner


@pytest.fixture
def desk(desks):
    return desks("alice")


def test_a_passphrase_that_nobody_can_type_is_asked_for_clearly(desk, monkeypatch):
    assert desk.refused("key", "create", "mine", "--passphrase") == (3, "no-passphrase")
    assert not list(desk.profile.glob("keys/*"))
    monkeypatch.setenv("HALLMARK_PASSPHRASE", "a passphrase")
    desk("key", "create", "mine", "--passphrase")
    monkeypatch.delenv("HALLMARK_PASSPHRASE")
    assert desk.refused("key", "show", "mine") == (3, "no-passphrase")
    monkeypatch.setenv("HALLMARK_PASSPHRASE", "another")
    _, _, said = desk.say("key", "show", "mine", language="zh")
    assert "口令不对，或文件已损坏" in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_and_refusal_name_codes_for_a_reason(desk, language):
    _, said, _ = desk.say("suspend", "--help", language=language)
    assert "complaint" in said
    with pytest.raises(BadArgument) as caught:
        claims.reason_code(None, "a b", None)
    assert "nonconforming" in caught.value.explain(language)
    assert claims.reason_code(None, "anything-else", None) == "anything-else"


def test_help_loads_nothing_heavy():
    heavy = "django", "cryptography", "numpy", "ninja", "hallmark.office", "hallmark.lab"
    loaded = f"print([each for each in {heavy} if each in sys.modules])"
    code = f"import sys; from hallmark.cli.main import main; main(['--help']); {loaded}"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize(("language", "word"), [("en", "commands:"), ("zh", "命令:")])
def test_help_speaks_both_languages(desk, language, word):
    code, said, _ = desk.say("--help", language=language)
    assert code == 0
    assert word in said
    for command in COMMANDS:
        code, said, _ = desk.say(*command.name.split(), "--help", language=language)
        assert code == 0
        assert command.words.in_language(language).split()[0] in said.replace("\n", " ")


def test_the_language_is_that_of_the_surroundings_unless_told(desk, monkeypatch, capsys):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for lang, said in (("zh_CN.UTF-8", "尚未指定"), ("de_DE.UTF-8", "No server is known"), ("", "No server is known")):
        monkeypatch.setenv("LANG", lang)
        assert main(["me"]) == 6
        assert capsys.readouterr().err.startswith(said)


def test_every_command_has_words_and_its_function():
    import importlib

    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))
    for command in COMMANDS:
        module, _, function = command.run.partition(":")
        assert callable(getattr(importlib.import_module(f"hallmark.cli.{module}"), function))
        assert command.name.count(" ") == 0 or command.name.split()[0] in GROUPS
        for words in (command.words, *(each.words for each in command.options)):
            assert words.zh
            assert words.en
            assert words.zh != words.en


def test_every_act_names_claims_of_its_kind():
    from hallmark.cli.acts import ACTS
    from hallmark.cli.claims import READERS
    from hallmark.statement import kinds

    for act in ACTS:
        kind = kinds.find(act.kind)
        for field in act.fields:
            assert field.read in READERS
            assert field.claim in ("*", "") or kind.named(field.claim)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("unheard",),
        ("case",),
        ("case", "show"),
        ("decide", "CASE-1", "--outcome", "maybe", "--reasons", "x"),
        ("job", "show", "seven"),
        ("me", "--unheard"),
        ("--serv", "x", "me"),
    ],
)
def test_a_command_not_used_rightly_says_so_and_ends_with_2(desk, words):
    for language, said in (("en", "wrong usage: "), ("zh", "用法有误：")):
        code, out, err = desk.say(*words, language=language)
        assert (code, out) == (2, "")
        assert said in err
    assert not re.search("[a-z]{2,} [a-z]{2,}", err.partition(said)[2]), "English in a Chinese sentence"


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_may_never_end_is_not_read(desk, tmp_path, kind):
    path = tmp_path / "app.toml"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    for language, words in (("en", "is no ordinary file"), ("zh", "不是普通文件")):
        code, _, err = desk.say("apply", "--file", path, language=language)
        assert (code, words in err) == (3, True)


def test_why_a_file_cannot_be_read_is_said_in_the_language_of_the_reader(desk, tmp_path):
    for path, reason in ((tmp_path / "none", "没有该文件或文件夹"), (tmp_path, "是文件夹")):
        code, _, err = desk.say("apply", "--file", path, language="zh")
        assert (code, err) == (3, f"无法使用 {path}：{reason}。\n")


def test_an_answer_that_cannot_be_written_is_no_fault_of_the_program(desk):
    desk("key", "create", "own")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hallmark.cli.main", "--profile", str(desk.profile), "key", "show"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 8
    assert done.stderr.startswith("the output cannot be read or written: No space left on device.")
    assert len(done.stderr.splitlines()) == 1


def test_keys_are_made_for_their_owner_alone_and_never_overwritten(desk, monkeypatch):
    made = desk("key", "create", "own")
    path = desk.profile / "keys" / "own.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.profile.stat().st_mode) == 0o700
    assert SoftwareSigner.from_pem(path.read_bytes()).public.material.hex() == made["material"]
    assert desk("key", "show", "own") == made
    assert desk("key", "show") == ["own"]
    before = path.read_bytes()
    assert desk.refused("key", "create", "own") == (5, "key-file-exists")
    assert path.read_bytes() == before
    for name in ("../own", "", "a" * 65, ".hidden", "a/b"):
        assert desk.refused("key", "create", name) == (3, "bad-key-name")
    assert desk.refused("key", "show", "other") == (6, "no-such-key-file")
    for algorithm in ("p256", "ml-dsa-44"):
        assert desk("key", "create", algorithm, "--algorithm", algorithm)["material"]


def test_a_key_under_a_passphrase_opens_with_it_alone(desk, monkeypatch):
    monkeypatch.setenv("HALLMARK_PASSPHRASE", "one two three")
    made = desk("key", "create", "own", "--passphrase")
    assert b"ENCRYPTED" in (desk.profile / "keys" / "own.pem").read_bytes()
    assert desk("key", "show", "own") == made
    monkeypatch.setenv("HALLMARK_PASSPHRASE", "one two four")
    assert desk.refused("key", "show", "own") == (3, "bad-key")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_broken_settings_are_named_and_kept(desk, content):
    desk.profile.mkdir(parents=True)
    path = desk.profile / "profile.json"
    path.write_bytes(content)
    assert desk.refused("key", "show") == (3, "bad-profile")
    assert path.read_bytes() == content


def test_without_a_server_or_with_a_wrong_address_nothing_is_asked(desk):
    assert desk.refused("me") == (6, "no-server")
    for address in ("nonsense", "ftp://register.example", "http://", "file:///etc/passwd", "http://x/?q"):
        assert desk.refused("me", "--server", address) == (3, "bad-server")
    assert desk.refused("me", "--server", "http://127.0.0.1:9") == (8, "not-reachable")


class Impostor(http.server.BaseHTTPRequestHandler):
    """A server that is not ours; remembers whether it was shown a token."""

    seen: list[str | None]
    body = b""
    status = 200
    kind = "application/json"
    length: int | None = None

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Location", "http://elsewhere.invalid/")
        if self.length is not None:
            self.send_header("Content-Length", str(self.length))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def impostor():
    handler = type("Here", (Impostor,), {"seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


def test_what_answers_but_is_not_ours_is_told_as_such(desk, impostor):
    for status, kind, body in (
        (200, "text/html", b"<html>"),
        (200, "application/json", b"[" * 100_000),
        (404, "text/html", b"<html>not here"),
        (500, "application/problem+json", b"{"),
        (500, "application/problem+json", b"[]"),
        (302, "text/html", b""),
    ):
        impostor.status, impostor.kind, impostor.body = status, kind, body
        assert desk.refused("kinds", "--server", impostor.url) == (8, "not-our-server")


def test_a_download_that_is_cut_short_leaves_no_file(desk, impostor, tmp_path):
    impostor.body, impostor.length = b"half", 8
    fetch = ("evidence", "get", "0" * 64, "--output", tmp_path / "file", "--server", impostor.url)
    assert desk.refused(*fetch) == (8, "not-reachable")
    assert list(tmp_path.iterdir()) == []
    impostor.length = 4
    assert desk(*fetch)["size"] == 4
    assert (tmp_path / "file").read_bytes() == b"half"


def test_a_token_is_shown_to_the_server_it_was_made_for_and_to_no_other(desk, impostor):
    desk.profile.mkdir(parents=True)
    settings = {"server": "https://register.example", "token": "hallmark_secret"}
    (desk.profile / "profile.json").write_text(json.dumps(settings))
    impostor.body = b"[]"
    desk("kinds", "--server", impostor.url)
    (desk.profile / "profile.json").write_text(json.dumps({**settings, "server": impostor.url}))
    desk("kinds")
    assert impostor.seen == [None, "Bearer hallmark_secret"]


def test_what_strangers_wrote_cannot_move_the_cursor(desk, impostor):
    detail = "a\x1b[2Jb\u202ec\nd"
    impostor.status, impostor.kind = 404, "application/problem+json"
    impostor.body = json.dumps({"detail": detail, "status": 404, "code": "x"}).encode()
    code, _, err = desk.say("kinds", "--server", impostor.url)
    assert code == 6
    assert err == "a\ufffd[2Jb\ufffdc\nd\n"


def test_a_fault_of_the_program_is_one_line(desk, monkeypatch):
    from hallmark.cli import keys

    monkeypatch.setattr(keys, "show", lambda *_: 1 / 0)
    code, out, err = desk.say("key", "show")
    assert (code, out, err.count("\n")) == (9, "", 1)
    assert "ZeroDivisionError" in err
    monkeypatch.setattr(keys, "show", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert desk.say("key", "show")[0] == 130


def test_a_certificate_is_checked_without_server_or_profile(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("HALLMARK_TRUST", raising=False)
    (tmp_path / "x.hallmark").write_bytes(b"nothing")
    assert desk.say("verify", tmp_path / "x.hallmark")[0] == 4  # as hallmark-verify: there is no trust bundle
    assert desk.say("verify", tmp_path / "absent")[0] == 4
    assert not desk.profile.exists()


WHOLE = """type = "CFP-01"
body = "ORG-393XBYCV-DJACX1AK-T"

[product]
name = { zh = "钱包", en = "Wallet" }
model = "LW-1"
version = "1.0"
builds = [{ role = "apk", file = "wallet.apk" }]

[manufacturer]
name = { zh = "莲花", en = "Lotus" }
address = "lotus road 3"

[factory]
name = { zh = "莲花", en = "Lotus" }
address = "lotus road 3"

[[documents]]
document = "CCRC-A1"
file = "form.txt"

[[documents]]
document = "CCRC-A2"
file = "licences.txt"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "why"),
    [
        ('type = "CFP-01"\n', "", 0, "type", "it is missing"),
        ('type = "CFP-01"', "type = 1", 1, "type", "text of 1 to 64 characters is wanted"),
        ('body = "ORG-393XBYCV-DJACX1AK-T"', 'body = "ORG-1"', 2, "body", ""),
        ("[product]\n", "declare = ['ios']\n[product]\n", 4, "declare", "application.submitted has no such claim"),
        ('model = "LW-1"\n', "", 4, "product.model", "it is missing"),
        ('version = "1.0"', "version = 1.0", 7, "product.version", "text of 1 to 100 characters is wanted"),
        ('en = "Wallet"', 'eng = "Wallet"', 5, "product.name.en", "it is missing"),
        ('role = "apk", ', "", 8, "product.builds[0].role", "it is missing"),
        ('"wallet.apk"', '"none.apk"', 8, "product.builds[0].file", "none.apk: No such file or directory"),
        (', file = "wallet.apk"', "", 8, "product.builds[0].file", "it is missing"),
        ("[{ role", "{ role", 8, "", ""),
        ("[manufacturer]\n", "", 9, "", ""),
        ('file = "licences.txt"', 'files = "licences.txt"', 22, "documents[1].file", "it is missing"),
        ('"licences.txt"', '"empty.txt"', 24, "documents[1].file", "empty.txt is empty"),
        ('document = "CCRC-A2"', 'document = "a b"', 23, "documents[1].document", "it does not match"),
        ("builds = [{", "builds = 1 #", 8, "product.builds", "a list of tables is wanted"),
    ],
)
def test_a_fault_in_an_application_is_named_by_file_line_and_field(desk, tmp_path, old, new, line, field, why):
    for name, content in (("wallet.apk", "a build"), ("form.txt", "a"), ("licences.txt", "b"), ("empty.txt", "")):
        (tmp_path / name).write_text(content)
    path = tmp_path / "app.toml"
    path.write_text(WHOLE.replace(old, new, 1), "utf-8")
    code, out, err = desk.say("apply", "--file", path)
    assert (code, out) == (3, "")
    assert err.startswith(f"{path} cannot be used: ")
    if field:
        assert f": {f'line {line}, ' if line else ''}{field}: " in err
        assert why in err
