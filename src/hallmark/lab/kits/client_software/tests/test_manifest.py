"""Manifests made here: what the platform would do, by value, by reference, by default."""

from __future__ import annotations

import pytest

from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import axml, backup, exposure, network, planted
from hallmark.lab.kits.client_software.chunk import MalformedResource
from hallmark.lab.kits.client_software.planted import Node, Reference
from hallmark.lab.kits.client_software.tests import builder

FLAG = Reference(0x7F010000)
FILE = Reference(0x7F010000)


def seen(folder, *children, files=None, table=b"", declaration=None, **attributes):
    files = dict(files or {}) | ({"resources.arsc": table} if table else {})
    return builder.observe(
        folder,
        exposure.measure,
        builder.package(planted.application(*children, **attributes), files=files),
        **(declaration or {}),
    )


# Debugging


@pytest.mark.parametrize(
    ("attributes", "table", "verdict"),
    [
        ({}, b"", Verdict.PASS),
        ({"debuggable": False}, b"", Verdict.PASS),
        ({"debuggable": True}, b"", Verdict.FAIL),
        ({"debuggable": "true"}, b"", Verdict.FAIL),
        ({"debuggable": "no"}, b"", Verdict.PASS),
        ({"debuggable": 5}, b"", Verdict.FAIL),
        ({"testOnly": True}, b"", Verdict.FAIL),
        ({"+debuggable+icon": True}, b"", Verdict.FAIL),
        ({"debuggable": False, "+debuggable+icon": True}, b"", Verdict.FAIL),
        ({"-debuggable": True}, b"", Verdict.PASS),
        ({"debuggable": FLAG}, builder.resource_table(("bool", "f", [False])), Verdict.PASS),
        ({"debuggable": FLAG}, builder.resource_table(("bool", "f", [True])), Verdict.FAIL),
        ({"debuggable": FLAG}, builder.resource_table(("bool", "f", [False, True])), Verdict.FAIL),
        (
            {"debuggable": FLAG},
            builder.resource_table(("bool", "f", [Reference(0x7F010001)]), ("bool", "g", [True])),
            Verdict.FAIL,
        ),
        ({"debuggable": FLAG}, builder.resource_table(("bool", "f", [FLAG])), Verdict.INCONCLUSIVE),
        ({"debuggable": Reference(0x7F020000)}, builder.resource_table(("bool", "f", [False])), Verdict.INCONCLUSIVE),
        ({"debuggable": FLAG}, b"", Verdict.INCONCLUSIVE),
    ],
    ids=builder.label,
)
def test_a_debuggable_package_is_found_however_it_says_so(tmp_path, attributes, table, verdict):
    assert exposure.decide_debugging(seen(tmp_path, table=table, **attributes), {}).verdict is verdict


@pytest.mark.parametrize("utf8", [True, False], ids=builder.label)
def test_strings_in_both_encodings_are_read(utf8):
    root = axml.parse(planted.compiled_xml(Node("a", {"-x": "支付"}, text="内容"), utf8=utf8))
    assert (root.value("x").text, root.text) == ("支付", "内容")


@pytest.mark.parametrize("data", [b"", b"<manifest/>", planted.compiled_xml(Node("a", {}))[:-30]], ids=builder.label)
def test_damaged_xml_is_malformed(data):
    with pytest.raises(MalformedResource):
        axml.parse(data)


def test_a_package_without_readable_manifest_decides_nothing(tmp_path):
    broken = builder.archive({"AndroidManifest.xml": b"<manifest/>"})
    observation = builder.observe(tmp_path, exposure.measure, broken)
    assert exposure.decide_debugging(observation, {}).verdict is Verdict.INCONCLUSIVE


# Backup

DOMAINS = ("root", "file", "database", "sharedpref", "external")


def rules(tag: str, *sections: Node) -> dict[str, bytes]:
    return {"res/xml/r.xml": planted.compiled_xml(Node(tag, {}, sections))}


def without(*domains: str) -> list[Node]:
    return [Node("exclude", {"-domain": domain, "-path": "."}) for domain in domains]


ALL_OUT = rules(
    "data-extraction-rules", Node("cloud-backup", {}, without(*DOMAINS)), Node("device-transfer", {}, without(*DOMAINS))
)
ONLY_CLOUD = rules("data-extraction-rules", Node("cloud-backup", {}, without(*DOMAINS)))
SOME_OUT = rules(
    "data-extraction-rules", Node("cloud-backup", {}, without("file")), Node("device-transfer", {}, without("file"))
)
TABLE = builder.resource_table(("xml", "rules", ["res/xml/r.xml"]))


@pytest.mark.parametrize(
    ("attributes", "files", "verdict"),
    [
        ({"target": 30}, {}, Verdict.FAIL),
        ({"target": 30, "allowBackup": True}, {}, Verdict.FAIL),
        ({"target": 30, "allowBackup": False}, {}, Verdict.PASS),
        ({"target": 30, "allowBackup": Reference(0x7F090000)}, {}, Verdict.FAIL),
        ({"target": 30, "oldest": 31, "fullBackupContent": False}, {}, Verdict.PASS),
        ({"target": 31, "allowBackup": False}, {}, Verdict.INSPECTION_NEEDED),
        ({"target": 31, "allowBackup": False, "dataExtractionRules": FILE}, ALL_OUT, Verdict.PASS),
        ({"target": 31, "oldest": 31, "dataExtractionRules": FILE}, ALL_OUT, Verdict.PASS),
        ({"target": 31, "oldest": 28, "dataExtractionRules": FILE}, ALL_OUT, Verdict.FAIL),
        ({"target": 31, "oldest": 31, "dataExtractionRules": FILE}, ONLY_CLOUD, Verdict.FAIL),
        ({"target": 31, "oldest": 31, "dataExtractionRules": FILE}, SOME_OUT, Verdict.INSPECTION_NEEDED),
        ({"target": 31, "oldest": 31, "dataExtractionRules": FILE}, {}, Verdict.INCONCLUSIVE),
        ({"target": 30, "fullBackupContent": FILE}, rules("full-backup-content", *without(*DOMAINS)), Verdict.PASS),
        (
            {"target": 30, "fullBackupContent": FILE},
            rules("full-backup-content", Node("include", {"-domain": "file", "-path": "."})),
            Verdict.INSPECTION_NEEDED,
        ),
        ({"target": 30, "backupAgent": ".Agent"}, {}, Verdict.INSPECTION_NEEDED),
    ],
    ids=builder.label,
)
def test_data_leave_by_backup_unless_every_way_is_closed(tmp_path, attributes, files, verdict):
    observation = seen(tmp_path, files=files, table=TABLE, **attributes)
    assert backup.decide_backup(observation, {}).verdict is verdict


# Network


def configured(*children: Node) -> dict[str, bytes]:
    return rules("network-security-config", *children)


def anchors(source: str) -> Node:
    return Node("trust-anchors", {}, [Node("certificates", {"-src": source})])


CLOSED = Node("base-config", {"-cleartextTrafficPermitted": False})
PINS = Node("pin-set", {"-expiration": "2026-01-01"}, [Node("pin", {}, text="x")])


def domain(*children: Node, **attributes: bool) -> Node:
    return Node(
        "domain-config",
        {f"-{k}": v for k, v in attributes.items()},
        [Node("domain", {}, text="bank.example"), *children],
    )


@pytest.mark.parametrize(
    ("attributes", "files", "verdict"),
    [
        ({"oldest": 28}, None, Verdict.PASS),
        ({"oldest": 26}, None, Verdict.FAIL),
        ({"oldest": 21, "usesCleartextTraffic": False}, None, Verdict.PASS),
        ({"oldest": 28, "usesCleartextTraffic": True}, None, Verdict.FAIL),
        ({"oldest": 28, "target": 27}, None, Verdict.FAIL),
        ({"oldest": 21, "target": 23, "usesCleartextTraffic": False}, None, Verdict.FAIL),
        ({"oldest": 24, "networkSecurityConfig": FILE}, configured(CLOSED), Verdict.PASS),
        ({"oldest": 23, "networkSecurityConfig": FILE}, configured(CLOSED), Verdict.FAIL),
        (
            {"oldest": 23, "usesCleartextTraffic": False, "networkSecurityConfig": FILE},
            configured(CLOSED),
            Verdict.PASS,
        ),
        ({"oldest": 24, "usesCleartextTraffic": True, "networkSecurityConfig": FILE}, configured(CLOSED), Verdict.PASS),
        ({"oldest": 24, "usesCleartextTraffic": False, "networkSecurityConfig": FILE}, configured(), Verdict.FAIL),
        ({"networkSecurityConfig": FILE}, configured(), Verdict.PASS),
        (
            {"networkSecurityConfig": FILE},
            configured(Node("base-config", {"-cleartextTrafficPermitted": True})),
            Verdict.FAIL,
        ),
        ({"networkSecurityConfig": FILE}, configured(Node("base-config", {}, [anchors("user")])), Verdict.FAIL),
        ({"networkSecurityConfig": FILE}, configured(Node("base-config", {}, [anchors("system")])), Verdict.PASS),
        ({"networkSecurityConfig": FILE}, configured(Node("debug-overrides", {}, [anchors("user")])), Verdict.PASS),
        ({"networkSecurityConfig": FILE}, configured(domain(cleartextTrafficPermitted=True)), Verdict.FAIL),
        ({"networkSecurityConfig": FILE}, configured(domain(anchors("user"))), Verdict.FAIL),
        ({"networkSecurityConfig": FILE}, configured(domain(domain(cleartextTrafficPermitted=True))), Verdict.FAIL),
        ({"networkSecurityConfig": FILE}, configured(domain(PINS)), Verdict.INSPECTION_NEEDED),
        ({"networkSecurityConfig": FILE}, {}, Verdict.INSPECTION_NEEDED),
    ],
    ids=builder.label,
)
def test_clear_text_and_user_certificates_are_found_on_every_platform(tmp_path, attributes, files, verdict):
    observation = seen(tmp_path, files=files, table=TABLE, **attributes)
    assert network.decide_network(observation, {}).verdict is verdict


# Components

FILTER = Node("intent-filter", {}, [Node("action", {"name": "org.example.DO"})])
GUARD = "org.example.pay.GUARD"


def component(kind="service", *children, **attributes):
    return Node(kind, {"name": ".C", **attributes}, children)


def permission(level: int) -> Node:
    return Node("permission", {"name": GUARD, "protectionLevel": level})


@pytest.mark.parametrize(
    ("children", "verdict"),
    [
        ([builder.START], Verdict.PASS),
        ([component()], Verdict.PASS),
        ([component("service", FILTER)], Verdict.FAIL),
        ([component("service", FILTER, exported=False)], Verdict.PASS),
        ([component(exported=True)], Verdict.FAIL),
        ([component(exported=True, permission=GUARD), permission(2)], Verdict.PASS),
        ([component(exported=True, permission=GUARD), permission(0x12)], Verdict.PASS),
        ([component(exported=True, permission=GUARD), permission(0)], Verdict.FAIL),
        ([component(exported=True, permission=GUARD), permission(1)], Verdict.FAIL),
        ([component(exported=True, permission="android.permission.BIND_JOB_SERVICE")], Verdict.PASS),
        ([component(exported=True, permission="android.permission.INTERNET")], Verdict.FAIL),
        ([component(exported=True, permission="org.elsewhere.GUARD")], Verdict.INSPECTION_NEEDED),
        ([component("provider", exported=True, readPermission=GUARD), permission(2)], Verdict.FAIL),
        (
            [component("provider", exported=True, readPermission=GUARD, writePermission=GUARD), permission(2)],
            Verdict.PASS,
        ),
        ([component("provider")], Verdict.PASS),
        ([component("activity", *builder.START.children, FILTER, exported=True)], Verdict.FAIL),
    ],
    ids=builder.label,
)
def test_open_components_need_a_signature_permission(tmp_path, children, verdict):
    assert exposure.decide_components(seen(tmp_path, *children), {}).verdict is verdict


def test_a_provider_is_open_by_default_on_old_platforms(tmp_path):
    observation = seen(tmp_path, component("provider"), oldest=16)
    assert exposure.decide_components(observation, {}).findings == ("provider org.example.pay.C",)


def test_a_declared_reason_is_for_a_person_to_weigh(tmp_path):
    declared = {"exported_components": {"org.example.pay.C": {"en": "deep link"}}}
    observation = seen(tmp_path, component(exported=True), declaration=declared)
    assert exposure.decide_components(observation, {}).verdict is Verdict.INSPECTION_NEEDED
