"""What of the application's data leaves the device by backup or by transfer to another device.

Rules: `full-backup-content` up to Android 11, `data-extraction-rules` from Android 12 (API level 31) on. From that
level `allowBackup="false"` stops backups to the cloud but not the transfer from one device to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.kits.client_software import manifest
from hallmark.lab.kits.client_software.judging import deciding, judge

if TYPE_CHECKING:
    from hallmark.lab.kit import Limits, Observation
    from hallmark.lab.kits.client_software.axml import Element
    from hallmark.lab.kits.client_software.manifest import Manifest

_TRANSFER_FROM = 31
_DOMAINS = {"root", "file", "database", "sharedpref", "external"}
_WHOLE = ("", ".", "./", "/")


def read(package: Manifest) -> dict[str, object]:
    """Return the backup attributes and, for each way out, what the rules leave in."""
    application = package.application
    old, new = manifest.FULL_BACKUP_CONTENT, manifest.EXTRACTION_RULES
    value = application.value(old)
    if value is None or value.is_reference:
        full = [_rest(rules) for rules in package.documents(application, old)]
    else:  # `false` stands for rules that leave in nothing, `true` for none
        full = [] if value.data else ["nothing"]
    extraction = list(package.documents(application, new))
    return {
        "allowed": package.truths(application, manifest.ALLOW_BACKUP),
        "agent": package.text(application, manifest.BACKUP_AGENT),
        "full_backup_content": full,
        "cloud_backup": [_section(rules, "cloud-backup") for rules in extraction],
        "device_transfer": [_section(rules, "device-transfer") for rules in extraction],
    }


@deciding
def decide_backup(seen: Observation, _: Limits) -> Judgement:
    """CLI-04: no backup and no transfer takes data along, or rules exclude every domain.

    Rules that leave something in are for a person: whether that is sensitive, no machine can tell.
    """
    backup = seen["backup"]
    old, new = backup["full_backup_content"], seen["target"] >= _TRANSFER_FROM
    ways = {
        "cloud backup": _way(backup, backup["cloud_backup"] or old),
        "device transfer": _transfer(backup) if new else _way(backup, backup["device_transfer"] or old),
    }
    if seen["oldest"] < _TRANSFER_FROM:
        ways["backup before Android 12"] = _way(backup, old)
    findings = [f"{way}: {state}" for way, state in ways.items() if state != "nothing"]
    if "everything" in ways.values():
        return judge(
            Verdict.FAIL,
            "应用数据可通过备份或换机迁移被提取。",
            "The application's data can be taken out by backup.",
            findings,
            values=ways,
        )
    if "unknown" in ways.values():
        return judge(
            Verdict.INCONCLUSIVE, "备份规则无法读取。", "The backup rules cannot be read.", findings, values=ways
        )
    if findings:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "备份或换机迁移仍包含部分数据，须由人员判断其中有无敏感数据。",
            "Backup or transfer to a new device still takes some data: a person judges whether they are sensitive.",
            findings,
            values=ways,
        )
    return judge(Verdict.PASS, "应用数据不会进入备份或换机迁移。", "No data leave by backup or transfer.", values=ways)


def _way(backup: Observation, rules: list[str]) -> str:
    """Return what leaves by a way that `allowBackup` governs: nothing, some or everything."""
    if backup["allowed"] == [False]:
        return "nothing"
    if backup["agent"] and not rules:
        return "some"
    return _worst(rules)


def _transfer(backup: Observation) -> str:
    """Return what leaves by device transfer: `allowBackup="false"` lessens it at best."""
    rules = _worst(backup["device_transfer"])
    return "some" if rules == "everything" and backup["allowed"] == [False] else rules


def _worst(rules: list[str]) -> str:
    return next((state for state in ("everything", "unknown", "some", "nothing") if state in rules), "everything")


def _section(rules: Element | None, tag: str) -> str:
    """Return what a section leaves in; a section that is not there leaves in everything."""
    if rules is None:
        return "unknown"
    sections = list(rules.named(tag))
    return _worst([_rest(section) for section in sections])


def _rest(section: Element | None) -> str:
    """Return whether rules leave in nothing, some or everything; unknown where they cannot be read."""
    if section is None:
        return "unknown"
    if any(section.named("include")):
        return "some"
    excluded = {_word(rule, "domain") for rule in section.named("exclude") if _word(rule, "path") in _WHOLE}
    if excluded >= _DOMAINS:
        return "nothing"
    return "some" if any(section.named("exclude")) else "everything"


def _word(rule: Element, name: str) -> str:
    value = rule.value(name)
    return (value.text if value else "") or ""
