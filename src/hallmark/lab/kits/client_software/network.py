"""Whether the application may talk in clear text, and whose certificates it believes.

The network security configuration counts from Android 7 (API level 24) on and then overrides the manifest's flag; the
defaults of both changed with Android 9 (28). So each covered platform is asked on its own.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.instant import parse_date, start_of
from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.kits.client_software import manifest
from hallmark.lab.kits.client_software.judging import deciding, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallmark.lab.kit import Limits, Observation
    from hallmark.lab.kits.client_software.axml import Element
    from hallmark.lab.kits.client_software.manifest import Manifest

_CONFIGURED_FROM, _SAFE_DEFAULT_FROM = 24, 28
_PLATFORMS = (23, _CONFIGURED_FROM, _SAFE_DEFAULT_FROM)
"""The levels at which the rules change; below 23 the platform knows no rule and clear text cannot be forbidden."""


def read(package: Manifest) -> dict[str, object]:
    """Return the clear-text flag and every network security configuration that some device would use."""
    application = package.application
    files = package.documents(application, manifest.NETWORK_SECURITY)
    return {
        "clear_text": package.truths(application, manifest.CLEAR_TEXT),
        "configurations": [file and _configuration(file) for file in files],
    }


@deciding
def decide_network(seen: Observation, _: Limits) -> Judgement:
    """CLI-05: no covered platform permits clear text to anyone, and no certificate a user installed is believed.

    Pins are recorded; a pin set out of date at the time of evaluation is for a person.
    """
    network = seen["network"]
    wrong: list[str] = []
    for level, following in pairwise((*_PLATFORMS, math.inf)):
        if following > seen["oldest"]:
            wrong += (f"Android API {level}: {breach}" for breach in _breaches(network, level, seen["target"]))
    doubts = [f"pins of {domain} expired" for domain in _expired(network, seen["at"])]
    if None in network["clear_text"] or None in network["configurations"]:
        doubts.append("a setting refers to something that cannot be read")
    values = {
        "pinned": sorted(name for domain in _domains(network) if domain["pins"] for name in domain["names"]),
        "below_23": seen["oldest"] < _PLATFORMS[0],
    }
    if wrong:
        return judge(
            Verdict.FAIL,
            "允许明文传输，或信任用户自行安装的证书。",
            "Clear text is permitted, or certificates that a user installed are believed.",
            wrong,
            values=values,
        )
    if doubts:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "网络安全配置须由人员判断。",
            "The network security configuration needs a person's judgement.",
            doubts,
            values=values,
        )
    return judge(
        Verdict.PASS,
        "各受支持平台均不允许明文传输，且仅信任系统证书。",
        "No covered platform permits clear text or believes certificates that a user installed.",
        values=values,
    )


def _breaches(network: Observation, level: float, target: int) -> Iterator[str]:
    safe_default = level >= _SAFE_DEFAULT_FROM <= target
    if level < _CONFIGURED_FROM or not network["configurations"]:
        if network["clear_text"] != [False] and not (safe_default and not network["clear_text"]):
            yield "clear text permitted by the manifest"
        if level >= _CONFIGURED_FROM > target:
            yield "user certificates believed by default"
        return
    for configuration in filter(None, network["configurations"]):
        base = configuration["base"]
        inherited = base["clear_text"] if base["clear_text"] is not None else not safe_default
        if inherited:
            yield "clear text permitted"
        anchors = base["anchors"] or (["system", "user"] if target < _CONFIGURED_FROM else ["system"])
        if "user" in anchors:
            yield "user certificates believed"
        for domain in configuration["domains"]:
            names = ", ".join(domain["names"])
            if domain["clear_text"]:
                yield f"clear text permitted to {names}"
            if "user" in domain["anchors"]:
                yield f"user certificates believed for {names}"


def _domains(network: Observation) -> Iterator[dict[str, Any]]:
    return (domain for each in filter(None, network["configurations"]) for domain in each["domains"])


def _expired(network: Observation, at: int) -> Iterator[str]:
    for domain in _domains(network):
        if domain["expires"]:
            try:
                end = start_of(parse_date(domain["expires"]), 0)
            except Malformed:
                end = at  # a date nobody can read protects nothing
            if at >= end:
                yield ", ".join(domain["names"])


def _configuration(root: Element) -> dict[str, object]:
    bases = [_one(element) for element in root.named("base-config")]
    return {
        "base": bases[0] if bases else {"clear_text": None, "anchors": [], "overrides_pins": False},
        "domains": [domain for element in root.named("domain-config") for domain in _nested(element)],
        "debug": any(root.named("debug-overrides")),
    }


def _nested(element: Element) -> Iterator[dict[str, object]]:
    """Yield a domain's configuration and those inside it, which inherit nothing that would be worse than stated."""
    names = [domain.text.strip() for domain in element.named("domain")]
    sets = list(element.named("pin-set"))
    expiry = sets[0].value("expiration") if sets else None
    yield _one(element) | {
        "names": names,
        "pins": sum(len(list(pins.named("pin"))) for pins in sets),
        "expires": (expiry.text or "") if expiry else "",
    }
    for inner in element.named("domain-config"):
        yield from _nested(inner)


def _one(element: Element) -> dict[str, object]:
    stated = element.value("cleartextTrafficPermitted")
    certificates = [each for anchors in element.named("trust-anchors") for each in anchors.named("certificates")]
    overrides = [value for each in certificates if (value := each.value("overridePins")) is not None]
    return {
        "clear_text": bool(stated.data) if stated is not None and stated.is_integer else None,
        "anchors": [_source(each) for each in certificates],
        "overrides_pins": any(value.data for value in overrides),
    }


def _source(certificates: Element) -> str:
    value = certificates.value("src")
    return "" if value is None else value.text or f"@{value.data:08x}"
