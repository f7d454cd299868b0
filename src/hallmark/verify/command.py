"""`hallmark-verify`: is this certificate real and in force? Offline; only this module and `disk` read files or a clock.

    hallmark-verify FILE [--trust BUNDLE] [--at TIME] [--fresh-hours N] [--json] [--language zh|en]

FILE is a .hallmark file, a PDF with one attached, the text of a printed code, an exported credential, or an extract of
the ledger: all certificates, that there is none of a number, or one claim of a statement; "-" is the standard input.
BUNDLE is the trust bundle; without it, the file that HALLMARK_TRUST names, or hallmark/trust.json in the user's folder
of configuration; never one that lies beside FILE. TIME is RFC 3339; without it, now. Status older than N hours, 24
unless told, gives "cannot tell".

| exit code | meaning                                                                                                |
|-----------|--------------------------------------------------------------------------------------------------------|
| 0         | genuine and in force; the whole register; a claim that was made                                        |
| 1         | genuine, but not in force: not yet, suspended, withdrawn, cancelled or expired; no such certificate    |
| 2         | not shown to be genuine: nothing in it may be relied on                                                |
| 3         | cannot tell: status too old, a printed code, a credential, a file of another epoch than the bundle, a  |
|           | PDF whose page was not checked or that is none of Hallmark's                                           |
| 4         | help, a command not used rightly, a file or trust bundle that cannot be read, an answer not written    |
"""

from __future__ import annotations

import errno
import getopt
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

from hallmark.certificate.extract import is_extract
from hallmark.certificate.status import Status
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError, Malformed, Unavailable
from hallmark.kernel.text import Language, Text, quoted
from hallmark.verify import disk, register, report
from hallmark.verify.answer import Answer, Attestation
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.file import verify_file
from hallmark.verify.register import Extract, verify_extract

IN_FORCE, NOT_IN_FORCE, NOT_GENUINE, CANNOT_TELL, USAGE = range(5)
_MOST = 64 * 1024 * 1024  # bytes of a file
_CANNOT_TELL = {"not-our-pdf", "proves-nothing", "other-epoch", "broken-verifier"}
_SPACES = "\u00a0\u3000"
_PURPOSE = Text(
    "hallmark-verify 文件 [--trust 信任包] [--at 时间] [--fresh-hours 小时数] [--json] [--language zh|en]\n"
    "退出码：0 真实且有效；1 真实但非有效；2 不能确认真实；3 无法判断；4 用法或文件有误",
    "hallmark-verify FILE [--trust BUNDLE] [--at TIME] [--fresh-hours N] [--json] [--language zh|en]\n"
    "exit codes: 0 in force; 1 genuine, not in force; 2 not shown to be genuine; 3 cannot tell; 4 usage or files",
)


class BadUsage(Malformed):
    """The command line is not one, or a file cannot be read."""

    en = "{why}\n{usage}"
    zh = "用法有误：{why}\n{usage}"


class NotWritten(Unavailable):
    """The answer has nowhere to go."""

    en = "The answer cannot be written: {why}. See to the place it is written to, and ask again."
    zh = "无法写出结果：{why}。请检查输出位置后重试。"


class BrokenVerifier(HallmarkError):
    """This program failed; the file has not been judged."""

    en = "The verifier failed ({why}), so it cannot tell anything. Report this, with the file, to its makers."
    zh = "核验程序出错（{why}），因此无法判断。请将此情况连同文件报告给开发者。"


class Options(NamedTuple):
    """What the command line asks for; `at` in ms since 1970 UTC."""

    file: str
    trust: str
    at: int | None
    fresh_hours: int
    json: bool


class Said(NamedTuple):
    """What is printed, the exit code, and whether it is printed to the standard error."""

    lines: Sequence[str]
    code: int
    in_error: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; whatever the input, no traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(given, os.environ)
    said = _answer(given, language, as_json=any(_is(word, "--json") for word in given))
    try:
        return _print(said)
    except OSError as error:
        unwritten = _refusal(NotWritten(why=disk.reason(error)), language, as_json=False)
        return said.code if said.in_error else _print(unwritten)


def _answer(given: Sequence[str], language: Language, *, as_json: bool) -> Said:
    try:
        options = _options(given, os.environ)
        if options is None:
            return Said(_PURPOSE.in_language(language).split("\n"), USAGE)  # a file may be called --help
        return _run(options, language)
    except HallmarkError as error:
        return _refusal(error, language, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the file is a stranger's, and its reader wants an answer, not a traceback
        return _refusal(BrokenVerifier(why=quoted(repr(error))), language, as_json=as_json)


def _run(options: Options, language: Language) -> Said:
    bundle = _bundle(options.trust)
    now = time.time_ns() // 1_000_000
    at = now if options.at is None else options.at
    fresh_for = options.fresh_hours * instant.HOUR
    data = _read(options.file)
    if is_extract(data):
        return _extract(verify_extract(data, bundle, at, now=now, fresh_for=fresh_for), bundle, options, language)
    answer, page = verify_file(data, bundle, at, now=now, fresh_for=fresh_for)
    code = _code(answer, page)
    if not options.json:
        return Said(report.say(answer, bundle, language, asked=options.at, page=page), code)
    return Said([json.dumps({**report.to_json(answer, bundle, page=page), "exit": code})], code)


def _extract(found: Extract | register.Said, bundle: TrustBundle, options: Options, language: Language) -> Said:
    """Say what an extract proves; that a number has no certificate counts as not in force."""
    code = IN_FORCE
    if isinstance(found, Extract):
        proven = IN_FORCE if found.absent is None else NOT_IN_FORCE
        code = proven if found.fresh else CANNOT_TELL
    if not options.json:
        return Said(report.say_extract(found, bundle, language, asked=options.at), code)
    return Said([json.dumps({**report.extract_to_json(found, bundle), "exit": code})], code)


def _code(outcome: Answer | Attestation | HallmarkError, page: bool | None = None) -> int:
    """Return the exit code of an answer about a file with such a page, or of the reason why there is none."""
    if isinstance(outcome, BadUsage | NotWritten):
        return USAGE
    if isinstance(outcome, HallmarkError):
        return CANNOT_TELL if outcome.code in _CANNOT_TELL else NOT_GENUINE
    if page is False:
        return CANNOT_TELL
    return {Status.IN_FORCE: IN_FORCE, Status.UNKNOWN: CANNOT_TELL}.get(outcome.status, NOT_IN_FORCE)


def _options(given: Sequence[str], environment: Mapping[str, str]) -> Options | None:
    """Return what the command line asks for, or None where that is help; raises `BadUsage`."""
    names = ["help", "json", "trust=", "at=", "fresh-hours=", "language="]
    try:
        pairs, files = getopt.gnu_getopt(list(given), "h", names)
    except getopt.GetoptError as error:
        raise _usage("选项有误", f"{error.msg}") from None
    options = dict(pairs)
    if options.keys() & {"-h", "--help"}:
        return None
    if len(files) != 1:
        raise _usage("须恰好给出一个文件", "exactly one file is wanted")
    if options.get("--language", "en") not in {"zh", "en"}:
        raise _usage("语言须为 zh 或 en", "the language is zh or en")
    hours = options.get("--fresh-hours", "24")
    if not (hours.isascii() and hours.isdecimal() and len(hours) < 7):
        raise _usage("小时数须为整数", "the hours are a whole number")
    trust = options.get("--trust") or environment.get("HALLMARK_TRUST") or _default_trust(environment)
    at = options.get("--at")
    return Options(files[0], trust, None if at is None else _instant(at), int(hours), "--json" in options)


def _default_trust(environment: Mapping[str, str]) -> str:
    home = environment.get("HOME") or environment.get("USERPROFILE") or "."
    return f"{environment.get('XDG_CONFIG_HOME') or f'{home}/.config'}/hallmark/trust.json"


def _instant(text: str) -> int:
    """Return the ms since 1970 UTC of an RFC 3339 time; raises `BadUsage`."""
    try:
        return instant.parse(text)
    except HallmarkError as error:
        raise _usage(error.explain("zh"), error.explain("en")) from None


def _bundle(path: str) -> TrustBundle:
    data = _read(path)
    try:
        return TrustBundle.parse(data)
    except HallmarkError as error:
        raise _usage(error.explain("zh"), error.explain("en")) from None


def _read(path: str) -> bytes:
    """Return the bytes of a file; raises `BadUsage`."""
    try:
        if path == "-":
            data = _stdin().read(_MOST + 1)
        else:
            with disk.open_file(path) as file:
                data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = disk.reason(error)
        raise _usage(f"无法读取 {path}：{reason.zh}", f"{path} cannot be read: {reason.en}") from None
    if len(data) > _MOST:
        raise _usage(f"{path} 超过 {_MOST} 字节", f"{path} has more than {_MOST} bytes")
    return data


def _stdin() -> IO[bytes]:
    if sys.stdin is None:  # closed by whoever started this
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdin.buffer


def _usage(zh: str, en: str) -> BadUsage:
    """Return what is wrong with the command line, on one line whatever the names of files hold."""
    return BadUsage(why=Text(*("".join(map(_shown, words)) for words in (zh, en))), usage=_PURPOSE)


def _language(given: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language to answer in: the one asked for, else that of the surroundings."""
    wanted = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "en")
    for at, word in enumerate(given):
        if _is(word, "--language"):
            wanted = word.partition("=")[2] or "".join(given[at + 1 : at + 2])
    return "zh" if wanted.startswith("zh") else "en"


def _is(word: str, option: str) -> bool:
    """Tell whether `word` gives the long `option`, which may be cut short (getopt)."""
    name = word.partition("=")[0]
    return len(name) > len("--") and option.startswith(name)


def _refusal(error: HallmarkError, language: Language, *, as_json: bool) -> Said:
    """Return why there is no answer."""
    code = _code(error)
    if not as_json:
        return Said(error.explain(language).split("\n"), code, in_error=True)
    answer = {NOT_GENUINE: "not-genuine", CANNOT_TELL: "unknown"}.get(code, "usage")
    why = {"zh": error.explain("zh"), "en": error.explain("en")}
    return Said([json.dumps({"answer": answer, "error": error.code, "why": why, "exit": code})], code)


def _print(said: Said) -> int:
    """Print what is said, each line as one whatever it holds, and return the code; raises `OSError`."""
    stream = sys.stderr if said.in_error else sys.stdout
    if stream is None:  # closed by whoever started this, who wants the code alone
        return said.code
    text = "".join(f"{''.join(map(_shown, line))}\n" for line in said.lines)
    try:
        stream.write(text.encode(stream.encoding or "utf-8", "replace").decode(stream.encoding or "utf-8"))
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # let the interpreter end without complaint
        if not isinstance(error, BrokenPipeError):  # whose reader has gone, which is no fault
            raise
    return said.code


def _shown(character: str) -> str:
    """Return `character`, or a replacement for one that could move the cursor or turn the text around."""
    return character if character.isprintable() or character in _SPACES else "\ufffd"


if __name__ == "__main__":
    raise SystemExit(main())
