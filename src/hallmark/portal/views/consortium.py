"""The consortium for anyone to read: members and their evidence, epochs, votes, forks; or that there is none."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from hallmark.kernel.text import Text
from hallmark.office.jobs.clock import now
from hallmark.office.registry import consortium, queries
from hallmark.portal import page, reading

_PURPOSES: Mapping[str, Text] = {
    "witness": Text("见证（Ed25519）", "witness (Ed25519)"),
    "mirror": Text("镜像（Ed25519）", "mirror (Ed25519)"),
    "archive": Text("镜像（ML-DSA-44）", "mirror (ML-DSA-44)"),
}
_ROLES: Mapping[str, Text] = {
    "operator": Text("账本运营方", "operator of the ledger"),
    "owner": Text("方案所有者", "scheme owner"),
    "body": Text("认证机构", "certification body"),
    "laboratory": Text("检测机构", "laboratory"),
    "jurisdiction": Text("监管辖区机构", "jurisdiction"),
}
_PROPOSALS: Mapping[str, Text] = {
    "admission": Text("接纳成员", "admit a member"),
    "removal": Text("移除成员", "remove a member"),
    "rotation": Text("更换成员密钥", "change a member's keys"),
    "code": Text("变更允许的代码", "change the code allowed"),
    "rules": Text("采用规则版本", "adopt a version of the rules"),
    "scheme": Text("采用方案版次", "adopt an edition of the scheme"),
    "sequencer": Text("更换定序者密钥", "change the sequencer's key"),
    "policy": Text("采用鉴定策略", "adopt an appraisal policy"),
}
_THRESHOLDS: Mapping[str, Text] = {
    "majority": Text("过半数", "majority"),
    "quorum": Text("法定多数", "quorum"),
    "all": Text("全体", "all"),
}


def show(request: HttpRequest) -> HttpResponse:
    """Show the consortium; where none stands, who keeps the ledger instead."""
    ledger = queries.record("ledger")
    context = {
        "consortium": consortium.find(),
        "operator": reading.public_name(ledger["operator"]) if ledger else None,
        "purposes": _PURPOSES,
        "roles": _ROLES,
        "proposals": _PROPOSALS,
        "thresholds": _THRESHOLDS,
        "now": now(),
        "offset": reading.offset_minutes(),
    }
    return page.show(request, "consortium.html", context)
