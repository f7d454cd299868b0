"""What the manifest lets others do: attach a debugger, call components; and the measurement of all manifest items."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.kits.client_software import backup, manifest, network
from hallmark.lab.kits.client_software.archive import Archive
from hallmark.lab.kits.client_software.judging import deciding, declared, judge, looking_at
from hallmark.lab.kits.client_software.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from hallmark.lab.kit import Limits, Observation, Session

_PROVIDERS_CLOSED_FROM = 17
_STRONG = "signature"
_NEWEST_KNOWN = 36


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Read the manifest with everything it refers to."""
    with Archive(path) as archive:
        package = Manifest(archive)
        components = list(package.components())
        levels = platform_permissions() | package.defined()
        for component in components:
            component["guards"] = [[name, levels.get(name, "unknown")] for name in component["guards"]]  # type: ignore[attr-defined]  # a list by `components`
        return {
            "package": package.package,
            "oldest": package.oldest,
            "target": package.target,
            "debuggable": package.truths(package.application, manifest.DEBUGGABLE),
            "test_only": package.truths(package.application, manifest.TEST_ONLY),
            "backup": backup.read(package),
            "network": network.read(package),
            "components": components,
            "justified": declared(session, "exported_components") or [],
            "at": session.at,
        }


def platform_permissions() -> dict[str, str]:
    """Return the base protection level of every permission of the newest platform that the library knows."""
    tables = resources.files("androguard.core.api_specific_resources")
    known = json.loads(tables.joinpath("aosp_permissions", f"permissions_{_NEWEST_KNOWN}.json").read_bytes())
    return {name: facts["protectionLevel"].split("|")[0] for name, facts in known["permissions"].items()}


@deciding
def decide_debugging(seen: Observation, _: Limits) -> Judgement:
    """CLI-03: neither `debuggable` nor `testOnly`, on any device."""
    flags = {name: seen[name] for name in ("debuggable", "test_only")}
    on = [name for name, values in flags.items() if True in values]
    unclear = [name for name, values in flags.items() if None in values]
    if on:
        return judge(
            Verdict.FAIL,
            "软件包可被调试或仅供测试。",
            "The package can be debugged or is for tests only.",
            on,
            values=flags,
        )
    if unclear:
        return judge(
            Verdict.INCONCLUSIVE,
            "标志引用的资源不存在。",
            "A flag refers to a resource that is not there.",
            unclear,
            values=flags,
        )
    return judge(
        Verdict.PASS, "软件包不可调试，也非测试专用。", "The package is neither debuggable nor for tests.", values=flags
    )


@deciding
def decide_components(seen: Observation, _: Limits) -> Judgement:
    """CLI-06: what others can call is guarded by a signature permission, starts the application, or is justified.

    Without `exported`, a component is exported where it has an intent filter, a content provider below level 17.
    What the applicant declares as justified, a person still looks at.
    """
    open_ones, unclear = [], []
    for component in seen["components"]:
        if _is_exported(component, seen) and not component["only_starts"]:
            levels = {level if name else "" for name, level in component["guards"]}
            described = f"{component['kind']} {component['name']}"
            if levels - {_STRONG, "unknown"}:
                open_ones.append(described)
            elif "unknown" in levels or None in component["exported"]:
                unclear.append(f"{described}: guarded by {component['guards'][0][0]}")
    unjustified = [described for described in open_ones if described.split(" ", 1)[1] not in seen["justified"]]
    values = {"components": len(seen["components"]), "open": len(open_ones), "unjustified": len(unjustified)}
    if unjustified:
        return judge(
            Verdict.FAIL,
            "存在其他应用可调用、无签名级权限保护且未说明理由的组件。",
            "Components can be called by any application without a signature permission and without justification.",
            unjustified,
            values=values,
        )
    if open_ones or unclear:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "对外开放的组件已声明理由或其权限级别未知，须由人员判断。",
            "Open components are declared as justified, or the level of their permission is unknown: a person judges.",
            open_ones + unclear,
            values=values,
        )
    return judge(Verdict.PASS, "没有未受保护的对外组件。", "No component is open without protection.", values=values)


def _is_exported(component: dict[str, Any], seen: Observation) -> bool:
    if component["exported"]:
        return bool(component["exported"] != [False])
    if component["kind"] == "provider":
        return bool(min(seen["oldest"], seen["target"]) < _PROVIDERS_CLOSED_FROM)
    return bool(component["filters"])
