"""What the calls found in the code mean: cryptography, web pages, server identity, libraries, permissions.

A weak call in the application's own code fails. In a known library it is for a person, who can tell whether it is ever
reached. Nothing passes on code that could not be read, whose names were replaced, or that is loaded at run time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hallmark.lab.kit import Judgement, Verdict, number
from hallmark.lab.kits.client_software.judging import deciding, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hallmark.lab.kit import Limits, Observation

    Sorted = Callable[[dict[str, Any]], tuple[str, str]]

WEAK, DOUBTFUL, HARMLESS = "weak", "doubtful", "harmless"

_ALIASES = {
    "3DES": "DESEDE",
    "TRIPLEDES": "DESEDE",
    "ARCFOUR": "RC4",
    "ARC4": "RC4",
    "SHA": "SHA1",
}
_BLOCK_CIPHERS = frozenset({"AES", "ARIA", "CAMELLIA", "SM4", "TWOFISH", "SERPENT", "IDEA"})
"""Ciphers that Java runs in ECB mode when a transformation names no mode."""
_REFUSED_CIPHERS, _REFUSED_DIGESTS = {"DES", "DESEDE", "RC4"}, {"MD5", "SHA1"}
_SECURE_WINDOW = 0x2000
_ALWAYS_MIXED = 0
_SCRIPTS_REACH_ALL_BELOW, _FILES_CLOSED_FROM = 17, 30


@deciding
def decide_cryptography(seen: Observation, limits: Limits) -> Judgement:
    """CLI-08: no ECB, no DES, triple DES or RC4, no MD5 or SHA-1, no constant key, vector or seed.

    A digest on its own may serve no security, so MD5 or SHA-1 there is for a person; in a signature they are weak.
    Limit `renamed_share`, needed only where there are any: greatest share of classes with replaced names.
    """
    kinds = {"cipher", "key-type", "digest", "mac", "signature", "constant-key", "constant-iv", "constant-seed"}
    return _decide(
        seen,
        limits,
        kinds,
        _weakness,
        (
            "使用了弱密码算法、固定密钥、固定向量或固定种子。",
            "Weak cryptography, or a constant key, vector or seed is used.",
        ),
        ("密码算法的调用须由人员判断。", "Calls of cryptography need a person's judgement."),
        ("未发现弱密码调用。", "No weak call of cryptography was found."),
    )


@deciding
def decide_pages(seen: Observation, limits: Limits) -> Judgement:
    """CLI-10: web pages inside the application cannot reach beyond it. Limit `renamed_share` as for CLI-08."""
    kinds = {
        *("script-interface", "file-access", "file-from-file", "any-from-file", "mixed-content", "page-debugging"),
        *("certificate-error-ignored", "page-loaded", "script"),
    }
    if not any(call["rule"] in kinds for call in seen["calls"]) and not _unseen(seen, limits):
        return judge(Verdict.NOT_APPLICABLE, "应用不显示网页。", "The application shows no web pages.")
    return _decide(
        seen,
        limits,
        kinds,
        lambda call: _page_weakness(call, seen["oldest"]),
        (
            "网页可越过应用的边界，或忽略证书错误。",
            "Web pages can reach beyond the application, or certificate errors are ignored.",
        ),
        ("网页组件的设置须由人员判断。", "The settings for web pages need a person's judgement."),
        ("网页组件设置无越界。", "The settings for web pages are safe."),
        doubts=_default_file_access(seen),
    )


@deciding
def decide_server_identity(seen: Observation, limits: Limits) -> Judgement:
    """CLI-21: no check of a certificate or host name accepts everything. Limit `renamed_share` as for CLI-08."""
    return _decide(
        seen,
        limits,
        {"careless", "any-host-verifier"},
        lambda call: (WEAK, f"{call['name']} accepts everything"),
        ("证书或主机名校验形同虚设。", "A check of certificates or host names accepts everything."),
        (
            "第三方库中存在不校验的实现，须由人员判断是否被使用。",
            "A library holds a check that accepts everything: a person judges whether it is used.",
        ),
        ("证书与主机名校验未被绕过。", "No check of certificates or host names was found that accepts everything."),
    )


@deciding
def decide_libraries(seen: Observation, limits: Limits) -> Judgement:
    """CLI-17: the third-party libraries in the code are those declared. Limit `renamed_share` as for CLI-08.

    A declared line is a library's name or the package of its classes. Packages that are neither the application's, nor
    known, nor declared are for a person.
    """
    declared = seen["declared"]["libraries"]
    present = [f"{name} ({package})" for package, name in seen["libraries"].items()]
    if declared is None:
        return judge(
            Verdict.NOT_RUN, "申请人未声明第三方库清单。", "The applicant declared no list of libraries.", present
        )
    undeclared = [
        f"{name} ({package})"
        for package, name in seen["libraries"].items()
        if not any(_covers(line, package) or line.casefold() == name.casefold() for line in declared)
    ]
    unknown = [package for package in seen["other_packages"] if not any(_covers(line, package) for line in declared)]
    if undeclared:
        return judge(
            Verdict.FAIL, "存在未声明的第三方库。", "There are libraries that were not declared.", undeclared + unknown
        )
    if unseen := _unseen(seen, limits):
        return _inconclusive(unseen)
    absent = [
        line
        for line in declared
        if not any(
            _covers(line, package) or line.casefold() == name.casefold() for package, name in seen["libraries"].items()
        )
        and not any(_covers(line, package) for package in seen["other_packages"])
    ]
    if unknown or absent:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "存在来源不明的代码包，或声明的库未见于代码。",
            "There are packages of unknown origin, or declared libraries that are not in the code.",
            [*(f"unknown: {package}" for package in unknown), *(f"not found: {line}" for line in absent)],
        )
    return judge(Verdict.PASS, "第三方库与声明一致。", "The libraries are those declared.", present)


@deciding
def decide_permissions(seen: Observation, _: Limits) -> Judgement:
    """CLI-07: every permission asked for is declared; dangerous and unknown ones a person compares with the policy."""
    declared = seen["declared"]["permissions"]
    levels = seen["permissions"]
    if declared is None and levels:
        return judge(
            Verdict.NOT_RUN, "申请人未声明权限清单。", "The applicant declared no list of permissions.", sorted(levels)
        )
    undeclared = [
        name for name in levels if name not in (declared or ()) and name.rsplit(".", 1)[-1] not in (declared or ())
    ]
    if undeclared:
        return judge(Verdict.FAIL, "存在未声明的权限。", "There are permissions that were not declared.", undeclared)
    use = {True: "used in the code", False: "not used in the code", None: "use unknown"}
    weighty = [
        f"{name}: {level}, {use[seen['used'].get(name)]}"
        for name, level in levels.items()
        if level in ("dangerous", "unknown")
    ]
    if weighty:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "涉及个人信息的权限须由人员与隐私政策核对。",
            "Permissions that concern personal information: a person compares them with the privacy policy.",
            weighty,
        )
    return judge(
        Verdict.PASS,
        "权限均已声明，且不涉及危险权限。",
        "All permissions are declared and none is dangerous.",
        sorted(levels),
    )


@deciding
def decide_screens(seen: Observation, _: Limits) -> Judgement:
    """CLI-14: a person tries secure input and screenshots on a device; the code only hints (`FLAG_SECURE`)."""
    hints = [
        f"{call['in']}: FLAG_SECURE"
        for call in seen["calls"]
        if call["rule"] == "secure-window" and any(int(value) & _SECURE_WINDOW for value in call["values"] or ())
    ]
    return judge(
        Verdict.INSPECTION_NEEDED,
        "须在设备上检查口令输入界面；代码线索见下。" if hints else "须在设备上检查口令输入界面；代码中未见防截屏标志。",
        "To be tried on a device; the code sets FLAG_SECURE."
        if hints
        else "To be tried on a device; the code never sets FLAG_SECURE.",
        hints,
    )


def _decide(
    seen: Observation,
    limits: Limits,
    kinds: set[str],
    sort: Sorted,
    failed: tuple[str, str],
    doubted: tuple[str, str],
    passed: tuple[str, str],
    doubts: Iterable[str] = (),
) -> Judgement:
    """Sort the calls of `kinds`, and judge: weak in own code, code unseen, doubtful, else passed."""
    found: dict[str, list[str]] = {WEAK: [], DOUBTFUL: list(doubts), HARMLESS: []}
    looked_at = [call for call in seen["calls"] if call["rule"] in kinds]
    for call in looked_at:
        outcome, why = sort(call)
        if outcome == WEAK and call["library"]:
            outcome, why = DOUBTFUL, f"{why} (in {call['library']})"
        found[outcome].append(f"{call['in']}: {why}")
    values = {"calls": len(looked_at), WEAK: len(found[WEAK]), DOUBTFUL: len(found[DOUBTFUL])}
    if found[WEAK]:
        return judge(Verdict.FAIL, *failed, found[WEAK], values=values)
    if unseen := _unseen(seen, limits):
        return _inconclusive([*unseen, *found[DOUBTFUL]])
    if found[DOUBTFUL]:
        return judge(Verdict.INSPECTION_NEEDED, *doubted, found[DOUBTFUL], values=values)
    return judge(Verdict.PASS, *passed, values=values)


def _unseen(seen: Observation, limits: Limits) -> list[str]:
    """Return why the code was not seen as a whole: damaged, renamed, hidden or loaded later."""
    reasons = [f"not readable: {place}" for place in seen["unread"]] + [
        f"hidden code: {name}" for name in seen["hidden"]
    ]
    reasons += [
        f"code loaded at run time: {call['in']}"
        for call in seen["calls"]
        if call["rule"] == "code-loaded" and not call["library"]
    ]
    if not seen["executables"]:
        reasons.append("no executable")
    if seen["calls_left_out"]:
        reasons.append(f"{seen['calls_left_out']} calls left out")
    if seen["renamed"] and seen["renamed"] / seen["other_classes"] > number(limits, "renamed_share"):
        reasons.append(f"{seen['renamed']} of {seen['other_classes']} classes have replaced names")
    return reasons


def _inconclusive(reasons: list[str]) -> Judgement:
    return judge(
        Verdict.INCONCLUSIVE,
        "代码未能完整查看（损坏、混淆、隐藏或运行时加载），不能判为合格。",
        "The code could not be seen as a whole (damaged, obfuscated, hidden or loaded later), so it cannot pass.",
        reasons,
    )


def _weakness(call: dict[str, Any]) -> tuple[str, str]:
    rule, values = call["rule"], call["values"]
    if rule.startswith("constant-"):
        return (WEAK, rule.replace("-", " ")) if values else (HARMLESS, "")
    if values is None:
        return DOUBTFUL, f"{rule} not known before run time"
    return max((_of_name(rule, str(value)) for value in values), key=_severity, default=(HARMLESS, ""))


def _of_name(rule: str, value: str) -> tuple[str, str]:
    """Return whether an algorithm name is refused, and why."""
    cipher, *rest = [_name(part) for part in value.split("/")]
    if rule == "cipher":
        mode = rest[0] if rest else "ECB" if cipher in _BLOCK_CIPHERS else ""
        if cipher == "RSA":
            mode = ""  # Java's RSA transformations say ECB and mean none
            if "NOPADDING" in rest:
                return WEAK, f"{value}: RSA without padding"
        if mode == "ECB":
            return WEAK, f"{value}: {mode} mode"
    parts = {cipher, *map(_name, re.split(r"(?i)with|and|/", value))}
    if parts & _REFUSED_CIPHERS:
        return WEAK, f"{rule} {value}"
    if {part.removeprefix("HMAC") for part in parts} & _REFUSED_DIGESTS:
        return (WEAK if rule == "signature" else DOUBTFUL), f"{rule} {value}"
    return HARMLESS, value


def _page_weakness(call: dict[str, Any], oldest: int) -> tuple[str, str]:
    rule, values = call["rule"], call["values"]
    if rule == "certificate-error-ignored":
        return WEAK, "a page is shown although its certificate is wrong"
    if rule == "script-interface":
        weak = oldest < _SCRIPTS_REACH_ALL_BELOW
        return (WEAK if weak else DOUBTFUL), "scripts can call the application"
    if rule == "page-loaded":
        plain = any(str(value).casefold().startswith("http:") for value in values or ())
        return (DOUBTFUL, "a page is loaded in clear text") if plain else (HARMLESS, "")
    if rule == "script":
        return HARMLESS, ""
    if values is None:
        return DOUBTFUL, f"{rule} not known before run time"
    on = _ALWAYS_MIXED in values if rule == "mixed-content" else any(values)
    if not on:
        return HARMLESS, ""
    return (DOUBTFUL if rule == "file-access" else WEAK), rule.replace("-", " ")


def _default_file_access(seen: Observation) -> Iterator[str]:
    stated = any(call["rule"] == "file-access" for call in seen["calls"])
    if not stated and seen["target"] < _FILES_CLOSED_FROM:
        yield "file access is on by default below target API 30"


def _covers(line: str, package: str) -> bool:
    """Whether a declared package is this one, or one above or below it."""
    return f"{package}.".startswith(f"{line}.") or f"{line}.".startswith(f"{package}.")


def _name(value: object) -> str:
    bare = str(value).upper().replace("-", "").replace("_", "")
    return _ALIASES.get(bare, bare)


def _severity(found: tuple[str, str]) -> int:
    return (HARMLESS, DOUBTFUL, WEAK).index(found[0])
