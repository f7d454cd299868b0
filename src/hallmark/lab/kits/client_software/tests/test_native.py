"""Native libraries and iOS binaries made here, header by header."""

from __future__ import annotations

import struct
import zipfile

import pytest

from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import ios, native
from hallmark.lab.kits.client_software.tests import builder

LIMITS = {"mitigations": ["nx", "relro", "pie", "no-wx", "no-textrel", "no-rpath", "canary"], "page_bytes": 16384}


def judged(folder, *libraries: bytes):
    files = {f"lib/arm64-v8a/lib{i}.so": data for i, data in enumerate(libraries)}
    return native.decide_native(builder.observe(folder, native.measure, builder.package(files=files)), LIMITS)


@pytest.mark.parametrize(
    ("library", "verdict", "what"),
    [
        (builder.library(), Verdict.PASS, ""),
        (builder.library(page=0x1000), Verdict.FAIL, "aligned to 4096 bytes"),
        (builder.library(stack_executable=True), Verdict.FAIL, "nx"),
        (builder.library(writable_code=True), Verdict.FAIL, "no-wx"),
        (builder.library(relro=False), Verdict.FAIL, "relro"),
        (builder.library(canary=False), Verdict.INSPECTION_NEEDED, "canary"),
        (builder.library()[:70], Verdict.INCONCLUSIVE, "lib0.so"),
    ],
    ids=builder.label,
)
def test_each_missing_mitigation_is_found(tmp_path, library, verdict, what):
    judgement = judged(tmp_path, library)
    assert judgement.verdict is verdict
    assert what in "".join(judgement.findings)


def test_one_bad_library_among_good_ones_fails(tmp_path):
    assert judged(tmp_path, builder.library(), builder.library(relro=False)).verdict is Verdict.FAIL


def test_a_library_is_found_under_any_name(tmp_path):
    data = builder.package(files={"assets/model.bin": builder.library(relro=False)})
    seen = builder.observe(tmp_path, native.measure, data)
    assert native.decide_native(seen, LIMITS).findings == ("assets/model.bin: relro",)


def test_an_uncompressed_library_must_begin_on_a_page(tmp_path):
    manifest = zipfile.ZipFile(tmp_path / "x", "w")
    manifest.close()
    sound = builder.package()
    with zipfile.ZipFile(tmp_path / "sample.apk", "w") as opened:
        opened.writestr("AndroidManifest.xml", zipfile.ZipFile(_file(tmp_path, sound)).read("AndroidManifest.xml"))
        opened.writestr(zipfile.ZipInfo("lib/arm64-v8a/liba.so"), builder.library(), zipfile.ZIP_STORED)
    judgement = native.decide_native(
        builder.observe(tmp_path, native.measure, (tmp_path / "sample.apk").read_bytes()), LIMITS
    )
    assert judgement.verdict is Verdict.FAIL
    assert "no multiple of 16384" in judgement.findings[0]


def _file(folder, data):
    path = folder / "sound.apk"
    path.write_bytes(data)
    return path


def test_no_native_library_means_not_applicable(tmp_path):
    assert judged(tmp_path).verdict is Verdict.NOT_APPLICABLE


# iOS

OBJECTS = ("_objc_msgSend", "_objc_release", "___stack_chk_fail")
RELEASE = {"get-task-allow": False, "application-identifier": "T.org.example.pay"}
WANTED = {"mitigations": ["pie", "arc", "canary"]}


def looked_at(folder, binary, declaration=None, **properties):
    return builder.observe(folder, ios.measure, builder.application(binary, **properties), "ipa", **(declaration or {}))


@pytest.mark.parametrize(
    ("binary", "verdict"),
    [
        (builder.mach(*OBJECTS, entitlements=RELEASE), Verdict.PASS),
        (builder.mach("___stack_chk_fail"), Verdict.PASS),
        (builder.mach(*OBJECTS, pie=False), Verdict.FAIL),
        (builder.mach("_objc_msgSend", "___stack_chk_fail"), Verdict.FAIL),
        (builder.mach("_objc_msgSend", "_objc_release"), Verdict.INSPECTION_NEEDED),
        (builder.mach()[:40], Verdict.INCONCLUSIVE),
        (b"no binary", Verdict.INCONCLUSIVE),
    ],
    ids=builder.label,
)
def test_mitigations_of_ios_binaries(tmp_path, binary, verdict):
    assert ios.decide_binaries(looked_at(tmp_path, binary), WANTED).verdict is verdict


def test_encryption_is_recorded(tmp_path):
    seen = looked_at(tmp_path, builder.mach(*OBJECTS, crypt=1))
    assert ios.decide_binaries(seen, WANTED).values["encrypted"] == ["Payload/Pay.app/Pay"]


@pytest.mark.parametrize(
    ("transport", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"NSAllowsArbitraryLoads": False}, Verdict.PASS),
        ({"NSAllowsArbitraryLoads": True}, Verdict.FAIL),
        ({"NSAllowsArbitraryLoadsInWebContent": True}, Verdict.FAIL),
        ({"NSAllowsLocalNetworking": True}, Verdict.INSPECTION_NEEDED),
        ({"NSExceptionDomains": {"a.example": {"NSExceptionAllowsInsecureHTTPLoads": True}}}, Verdict.FAIL),
        ({"NSExceptionDomains": {"a.example": {"NSTemporaryExceptionAllowsInsecureHTTPLoads": True}}}, Verdict.FAIL),
        ({"NSExceptionDomains": {"a.example": {"NSThirdPartyExceptionAllowsInsecureHTTPLoads": True}}}, Verdict.FAIL),
        ({"NSExceptionDomains": {"a.example": {"NSExceptionMinimumTLSVersion": "TLSv1.0"}}}, Verdict.FAIL),
        (
            {"NSExceptionDomains": {"a.example": {"NSExceptionRequiresForwardSecrecy": False}}},
            Verdict.INSPECTION_NEEDED,
        ),
        ({"NSExceptionDomains": {"a.example": {"NSIncludesSubdomains": True}}}, Verdict.PASS),
    ],
    ids=builder.label,
)
def test_transport_security_exceptions(tmp_path, transport, verdict):
    seen = looked_at(tmp_path, builder.mach(*OBJECTS), NSAppTransportSecurity=transport)
    assert ios.decide_transport(seen, {}).verdict is verdict


SCHEMES = [{"CFBundleURLSchemes": ["pay"]}]


@pytest.mark.parametrize(
    ("entitlements", "schemes", "declared", "verdict"),
    [
        (RELEASE, [], [], Verdict.PASS),
        (RELEASE, SCHEMES, ["pay"], Verdict.PASS),
        (RELEASE, SCHEMES, [], Verdict.INSPECTION_NEEDED),
        ({"get-task-allow": True}, [], [], Verdict.FAIL),
        (None, [], [], Verdict.INCONCLUSIVE),
    ],
    ids=builder.label,
)
def test_entitlements_and_url_schemes(tmp_path, entitlements, schemes, declared, verdict):
    binary = builder.mach(*OBJECTS, entitlements=entitlements)
    seen = looked_at(tmp_path, binary, {"url_schemes": declared}, CFBundleURLTypes=schemes)
    assert ios.decide_entitlements(seen, {}).verdict is verdict


@pytest.mark.parametrize(
    "data",
    [
        b"",
        builder.archive({"Payload/Pay.app/Info.plist": b"<plist>"}),
        builder.archive(
            {"Payload/Pay.app/Info.plist": b'<!DOCTYPE p [<!ENTITY a "b">]><plist><string>&a;</string></plist>'}
        ),
        builder.archive({"Payload/Pay.app/Info.plist": b"bplist00" + struct.pack(">Q", 0)}),
        builder.archive({"Payload/A.app/Info.plist": b"", "Payload/B.app/Info.plist": b""}),
    ],
    ids=builder.label,
)
def test_what_is_no_ios_package_decides_nothing(tmp_path, data):
    seen = builder.observe(tmp_path, ios.measure, data, "ipa")
    for decide in (ios.decide_binaries, ios.decide_transport, ios.decide_entitlements):
        assert decide(seen, WANTED).verdict is Verdict.INCONCLUSIVE
