"""Executables made here, instruction by instruction, and what the items say of them."""

from __future__ import annotations

import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import Malformed
from hallmark.lab.kit import LimitNotSet, Verdict
from hallmark.lab.kits.client_software import callsites, code, planted
from hallmark.lab.kits.client_software.dex import Dex
from hallmark.lab.kits.client_software.flow import Flow, walk
from hallmark.lab.kits.client_software.planted import Field, Method, Node
from hallmark.lab.kits.client_software.tests import builder

STRING, BYTES = "Ljava/lang/String;", "[B"
CIPHER = Method("Ljavax/crypto/Cipher;", "getInstance", (STRING,), "Ljavax/crypto/Cipher;")
DIGEST = Method("Ljava/security/MessageDigest;", "getInstance", (STRING,), "Ljava/security/MessageDigest;")
SIGNATURE = Method("Ljava/security/Signature;", "getInstance", (STRING,), "Ljava/security/Signature;")
KEYS = Method("Ljavax/crypto/KeyGenerator;", "getInstance", (STRING,), "Ljavax/crypto/KeyGenerator;")
IV = Method("Ljavax/crypto/spec/IvParameterSpec;", "<init>", (BYTES,), static=False)
KEY = Method("Ljavax/crypto/spec/SecretKeySpec;", "<init>", (BYTES, STRING), static=False)
SEED = Method("Ljava/security/SecureRandom;", "setSeed", ("J",), static=False)
NEXT = Method("Ljava/security/SecureRandom;", "nextBytes", (BYTES,), static=False)
GET_BYTES = Method(STRING, "getBytes", (), BYTES, static=False)
DEBUGGING = Method("Landroid/webkit/WebView;", "setWebContentsDebuggingEnabled", ("Z",))
FILES = Method("Landroid/webkit/WebSettings;", "setAllowUniversalAccessFromFileURLs", ("Z",), static=False)
FILE = Method("Landroid/webkit/WebSettings;", "setAllowFileAccess", ("Z",), static=False)
MIXED = Method("Landroid/webkit/WebSettings;", "setMixedContentMode", ("I",), static=False)
SCRIPTS = Method("Lorg/example/pay/Page;", "addJavascriptInterface", ("Ljava/lang/Object;", STRING), static=False)
PROCEED = Method("Landroid/webkit/SslErrorHandler;", "proceed", static=False)
LOAD = Method("Landroid/webkit/WebView;", "loadUrl", (STRING,), static=False)
LOADER = Method(
    "Ldalvik/system/DexClassLoader;", "<init>", (STRING, STRING, STRING, "Ljava/lang/ClassLoader;"), static=False
)
FLAGS = Method("Landroid/view/Window;", "addFlags", ("I",), static=False)
RETURN = 0x000E
OWN, LIBRARY = "Lorg/example/pay/Vault;", "Lorg/bouncycastle/Engine;"
LIMITS = {"renamed_share": "0.5"}


def text(register: int, word: str) -> tuple[object, ...]:
    return (register << 8 | 0x1A, word)


def static(method: Method, *registers: int) -> tuple[object, ...]:
    return _invoke(0x71, method, registers)


def virtual(method: Method, *registers: int) -> tuple[object, ...]:
    return _invoke(0x6E, method, registers)


def _invoke(op: int, method: Method, registers: tuple[int, ...]) -> tuple[object, ...]:
    word = sum(register << 4 * place for place, register in enumerate(registers[:4]))
    return (len(registers) << 12 | op, method, word)


def number(register: int, value: int) -> tuple[int, ...]:
    return (register << 8 | 0x13, value & 0xFFFF)


NEW_ARRAY = (0x1023, 0)  # v0 = new array of size v1


def body(*parts: tuple[object, ...], owner: str = OWN, name: str = "run") -> Method:
    return Method(owner, name, units=(*(unit for part in parts for unit in part), RETURN))


def observed(folder, *methods, files=None, manifest=None, declaration=None, **extra):
    data = builder.package(manifest, *methods, files=files, **extra)
    return builder.observe(folder, code.measure, data, **(declaration or {}))


def values(observation, rule):
    return [call["values"] for call in observation["calls"] if call["rule"] == rule]


# What reaches a call


def test_a_constant_is_followed_to_the_call(tmp_path):
    seen = observed(tmp_path, body(text(0, "AES/ECB/PKCS5Padding"), (0x0107,), static(CIPHER, 1)))
    assert values(seen, "cipher") == [["AES/ECB/PKCS5Padding"]]


def test_both_branches_are_followed(tmp_path):
    branch = ((0x0538, 5), text(0, "DES"), (0x0328,), text(0, "AES/GCM/NoPadding"), static(CIPHER, 0))
    # if v5 == 0 goto +5; v0 = DES; goto +3; v0 = AES/GCM
    assert values(observed(tmp_path, body(*branch)), "cipher") == [["AES/GCM/NoPadding", "DES"]]


def test_a_loop_and_a_switch_come_to_an_end(tmp_path):
    loop = (number(0, 0), (0x01D8, 0x0100), (0x002B, 10, 0), text(0, "DES"), static(CIPHER, 0), (0xF628,))
    table = (RETURN, 0x0100, 1, 0, 0, 3, 0)
    # v1 = v0 + 1; switch v0 {0: v0 = DES; call; goto v1 = ...}; return
    assert values(observed(tmp_path, body(*loop, table)), "cipher") == [["DES"]]


def test_what_a_parameter_brings_is_unknown(tmp_path):
    seen = observed(tmp_path, body(static(CIPHER, 7)))
    assert values(seen, "cipher") == [None]
    assert callsites.decide_cryptography(seen, LIMITS).verdict is Verdict.INSPECTION_NEEDED


def test_a_static_vector_is_found_in_place_and_in_a_final_field(tmp_path):
    field = Field(OWN, "VECTOR", BYTES)
    initial = body(number(1, 4), NEW_ARRAY, number(2, 7), (0x024F, 0x0100), (0x0069, field), name="<clinit>")
    use = body((0x0062, field), virtual(IV, 3, 0))
    assert values(observed(tmp_path, initial, use), "constant-iv") == [["constant"]]
    zeros = body(number(1, 16), NEW_ARRAY, virtual(IV, 3, 0))
    assert values(observed(tmp_path, zeros), "constant-iv") == [["constant"]]


def test_a_vector_that_was_filled_at_random_is_not_constant(tmp_path):
    random = body(number(1, 16), NEW_ARRAY, virtual(NEXT, 4, 0), virtual(IV, 3, 0))
    assert values(observed(tmp_path, random), "constant-iv") == [None]
    unknown = body(number(1, 16), NEW_ARRAY, (0x064F, 0x0100), virtual(IV, 3, 0))
    assert values(observed(tmp_path, unknown), "constant-iv") == [None]


def test_an_empty_array_in_a_field_says_nothing(tmp_path):
    field = Field(OWN, "BUFFER", BYTES)
    initial = body(number(1, 4), NEW_ARRAY, (0x0069, field), name="<clinit>")
    use = body((0x0062, field), virtual(IV, 3, 0))
    assert values(observed(tmp_path, initial, use), "constant-iv") == [None]


def test_a_key_made_of_a_text_is_constant(tmp_path):
    made = body(text(0, "0123456789abcdef"), virtual(GET_BYTES, 0), (0x010C,), text(2, "AES"), virtual(KEY, 3, 1, 2))
    seen = observed(tmp_path, made)
    assert values(seen, "constant-key") == [["constant"]]
    assert values(seen, "key-type") == [["AES"]]


def test_a_text_in_a_final_field_is_known(tmp_path):
    field = Field(OWN, "ALGORITHM", value="DESede")
    seen = observed(tmp_path, body((0x0062, field), static(CIPHER, 0)), fields=[field])
    assert values(seen, "cipher") == [["DESede"]]


def test_a_wide_seed_is_known(tmp_path):
    seen = observed(tmp_path, body((0x0116, 42), virtual(SEED, 0, 1, 2)))
    assert values(seen, "constant-seed") == [[42]]


def test_every_executable_of_a_package_is_read(tmp_path):
    second = planted.executable(body(text(0, "DES"), static(CIPHER, 0), owner="Lorg/example/pay/Other;"))
    seen = observed(tmp_path, body(), files={"classes2.dex": second})
    assert (seen["executables"], values(seen, "cipher")) == (2, [["DES"]])


def test_a_method_too_long_to_follow_is_unknown_and_not_overlooked(tmp_path):
    seen = observed(tmp_path, body((0x0000,) * 20_001, text(0, "DES"), static(CIPHER, 0)))
    assert values(seen, "cipher") == [None]


# Cryptography


@pytest.mark.parametrize(
    ("method", "word", "verdict"),
    [
        (CIPHER, "AES/GCM/NoPadding", Verdict.PASS),
        (CIPHER, "SM4/CBC/PKCS5Padding", Verdict.PASS),
        (CIPHER, "AES/ECB/PKCS5Padding", Verdict.FAIL),
        (CIPHER, "AES", Verdict.FAIL),
        (CIPHER, "SM4", Verdict.FAIL),
        (CIPHER, "DES/CBC/PKCS5Padding", Verdict.FAIL),
        (CIPHER, "DESede/CBC/PKCS5Padding", Verdict.FAIL),
        (CIPHER, "ARCFOUR", Verdict.FAIL),
        (CIPHER, "PBEWithMD5AndDES", Verdict.FAIL),
        (CIPHER, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", Verdict.PASS),
        (CIPHER, "RSA/ECB/NoPadding", Verdict.FAIL),
        (KEYS, "AES", Verdict.PASS),
        (KEYS, "DES", Verdict.FAIL),
        (DIGEST, "SHA-256", Verdict.PASS),
        (DIGEST, "MD5", Verdict.INSPECTION_NEEDED),
        (DIGEST, "SHA", Verdict.INSPECTION_NEEDED),
        (SIGNATURE, "SHA256withECDSA", Verdict.PASS),
        (SIGNATURE, "SHA1withRSA", Verdict.FAIL),
    ],
)
def test_weak_cryptography_fails_in_own_code(tmp_path, method, word, verdict):
    seen = observed(tmp_path, body(text(0, word), static(method, 0)))
    assert callsites.decide_cryptography(seen, LIMITS).verdict is verdict


def test_weak_cryptography_in_a_known_library_is_for_a_person(tmp_path):
    seen = observed(tmp_path, body(text(0, "DES"), static(CIPHER, 0), owner=LIBRARY))
    judgement = callsites.decide_cryptography(seen, LIMITS)
    assert judgement.verdict is Verdict.INSPECTION_NEEDED
    assert "in Bouncy Castle" in judgement.findings[0]


# Code that cannot be seen


def test_replaced_names_never_pass(tmp_path):
    seen = observed(tmp_path, *(body(owner=f"La/{name};") for name in "abc"))
    assert callsites.decide_cryptography(seen, LIMITS).verdict is Verdict.INCONCLUSIVE
    with pytest.raises(LimitNotSet):
        callsites.decide_cryptography(seen, {})


def test_weak_calls_fail_even_under_replaced_names(tmp_path):
    seen = observed(tmp_path, body(text(0, "DES"), static(CIPHER, 0), owner="La/b;"))
    assert callsites.decide_cryptography(seen, LIMITS).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("methods", "files", "reason"),
    [
        ([body(virtual(LOADER, 0, 1, 2, 3))], {}, "code loaded at run time"),
        ([body()], {"assets/plugin.bin": planted.executable(body())}, "hidden code: assets/plugin.bin"),
        ([body()], {"assets/plugin.jar": builder.package()}, "hidden code: assets/plugin.jar"),
        ([body()], {"classes2.dex": b"dex\n035\0damaged"}, "not readable: classes2.dex"),
        ([body(text(0, "DES"), static(CIPHER, 0), (0x0018,))], {}, "not readable: Lorg/example/pay/Vault;->run"),
    ],
)
def test_code_that_is_loaded_hidden_or_damaged_never_passes(tmp_path, methods, files, reason):
    judgement = callsites.decide_cryptography(observed(tmp_path, *methods, files=files), LIMITS)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.findings[0].startswith(reason)


def test_a_package_without_code_never_passes(tmp_path):
    data = builder.archive({"AndroidManifest.xml": planted.compiled_xml(planted.application())})
    seen = builder.observe(tmp_path, code.measure, data)
    assert callsites.decide_cryptography(seen, LIMITS).verdict is Verdict.INCONCLUSIVE
    assert callsites.decide_pages(seen, LIMITS).verdict is Verdict.INCONCLUSIVE


# Web pages


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        ((), Verdict.NOT_APPLICABLE),
        ((*text(1, "https://bank.example"), *virtual(LOAD, 0, 1)), Verdict.PASS),
        ((*text(1, "http://bank.example"), *virtual(LOAD, 0, 1)), Verdict.INSPECTION_NEEDED),
        ((*number(0, 1), *static(DEBUGGING, 0)), Verdict.FAIL),
        ((*number(0, 0), *static(DEBUGGING, 0)), Verdict.PASS),
        (static(DEBUGGING, 7), Verdict.INSPECTION_NEEDED),
        ((*number(1, 1), *virtual(FILES, 0, 1)), Verdict.FAIL),
        ((*number(1, 1), *virtual(FILE, 0, 1)), Verdict.INSPECTION_NEEDED),
        ((*number(1, 0), *virtual(FILE, 0, 1)), Verdict.PASS),
        ((*number(1, 0), *virtual(MIXED, 0, 1)), Verdict.FAIL),
        ((*number(1, 1), *virtual(MIXED, 0, 1)), Verdict.PASS),
        ((*text(2, "bridge"), *virtual(SCRIPTS, 0, 1, 2)), Verdict.INSPECTION_NEEDED),
        (virtual(PROCEED, 0), Verdict.FAIL),
    ],
)
def test_web_pages_stay_inside(tmp_path, call, verdict):
    assert callsites.decide_pages(observed(tmp_path, body(call)), LIMITS).verdict is verdict


def test_defaults_of_old_platforms_count_against_web_pages(tmp_path):
    bridge = body(text(2, "bridge"), virtual(SCRIPTS, 0, 1, 2))
    old = planted.application(oldest=16, target=34)
    assert callsites.decide_pages(observed(tmp_path, bridge, manifest=old), LIMITS).verdict is Verdict.FAIL
    page = body(text(1, "https://bank.example"), virtual(LOAD, 0, 1))
    target = planted.application(target=29)
    assert "file access" in callsites.decide_pages(observed(tmp_path, page, manifest=target), LIMITS).findings[0]


# Server identity

TRUST, VERIFIER = "Ljavax/net/ssl/X509TrustManager;", "Ljavax/net/ssl/HostnameVerifier;"
CHECK = Method(OWN, "checkServerTrusted", ("[Ljava/security/cert/X509Certificate;", STRING), static=False)
VERIFY = Method(OWN, "verify", (STRING, "Ljavax/net/ssl/SSLSession;"), "Z", static=False)


@pytest.mark.parametrize(
    ("method", "units", "interface", "verdict"),
    [
        (CHECK, (RETURN,), TRUST, Verdict.FAIL),
        (CHECK, (RETURN,), "Lorg/example/Other;", Verdict.PASS),
        (CHECK, (0x0027,), TRUST, Verdict.PASS),
        (CHECK, (*virtual(CHECK, 0, 1, 2), RETURN), TRUST, Verdict.PASS),
        (VERIFY, (0x1012, 0x000F), VERIFIER, Verdict.FAIL),
        (VERIFY, (0x0012, 0x000F), VERIFIER, Verdict.PASS),
    ],
)
def test_a_check_that_accepts_everything_fails(tmp_path, method, units, interface, verdict):
    seen = observed(tmp_path, method._replace(units=units), interfaces={OWN: interface})
    assert callsites.decide_server_identity(seen, LIMITS).verdict is verdict


def test_a_careless_check_in_a_library_is_for_a_person(tmp_path):
    seen = observed(tmp_path, CHECK._replace(owner=LIBRARY, units=(RETURN,)), interfaces={LIBRARY: TRUST})
    assert callsites.decide_server_identity(seen, LIMITS).verdict is Verdict.INSPECTION_NEEDED


# Libraries, permissions, screens


@pytest.mark.parametrize(
    ("owners", "declared", "verdict"),
    [
        ([OWN], None, Verdict.NOT_RUN),
        ([OWN], [], Verdict.PASS),
        ([OWN, LIBRARY], [], Verdict.FAIL),
        ([OWN, LIBRARY], ["Bouncy Castle"], Verdict.PASS),
        ([OWN, LIBRARY], ["org.bouncycastle"], Verdict.PASS),
        ([OWN, "Landroidx/core/View;", "Lkotlin/Unit;"], [], Verdict.PASS),
        ([OWN, "Lcom/unknown/sdk/Main;"], [], Verdict.INSPECTION_NEEDED),
        ([OWN, "Lcom/unknown/sdk/Main;"], ["com.unknown"], Verdict.PASS),
        ([OWN], ["Tencent"], Verdict.INSPECTION_NEEDED),
        (["La/a;", "La/b;"], [], Verdict.INCONCLUSIVE),
    ],
)
def test_libraries_are_those_declared(tmp_path, owners, declared, verdict):
    declaration = {} if declared is None else {"libraries": declared}
    seen = observed(tmp_path, *(body(owner=owner) for owner in owners), declaration=declaration)
    assert callsites.decide_libraries(seen, LIMITS).verdict is verdict


@pytest.mark.parametrize(
    ("asked", "declared", "verdict"),
    [
        ([], None, Verdict.PASS),
        (["android.permission.INTERNET"], None, Verdict.NOT_RUN),
        (["android.permission.INTERNET"], [], Verdict.FAIL),
        (["android.permission.INTERNET"], ["android.permission.INTERNET"], Verdict.PASS),
        (["android.permission.INTERNET"], {"INTERNET": {"en": "orders"}}, Verdict.PASS),
        (["android.permission.CAMERA"], ["android.permission.CAMERA"], Verdict.INSPECTION_NEEDED),
        (["org.elsewhere.ODD"], ["org.elsewhere.ODD"], Verdict.INSPECTION_NEEDED),
    ],
)
def test_permissions_are_declared_and_weighed(tmp_path, asked, declared, verdict):
    manifest = planted.application(*(Node("uses-permission", {"name": name}) for name in asked))
    declaration = {} if declared is None else {"permissions": declared}
    seen = observed(tmp_path, body(), manifest=manifest, declaration=declaration)
    assert callsites.decide_permissions(seen, LIMITS).verdict is verdict


def test_whether_a_permission_is_used_is_told(tmp_path):
    manifest = planted.application(Node("uses-permission", {"name": "android.permission.CAMERA"}))
    camera = Method("Landroid/hardware/camera2/CameraManager;", "openCamera")
    for methods, words in ([body(static(camera))], ", used"), ([body()], ", not used"):
        seen = observed(tmp_path, *methods, manifest=manifest, declaration={"permissions": ["CAMERA"]})
        assert words in callsites.decide_permissions(seen, LIMITS).findings[0]


def test_secure_windows_are_a_hint_for_the_person_with_the_device(tmp_path):
    for units, hints in ((number(1, 0x2000), 1), (number(1, 0x400), 0)):
        judgement = callsites.decide_screens(observed(tmp_path, body(units, virtual(FLAGS, 0, 1))), LIMITS)
        assert (judgement.verdict, len(judgement.findings)) == (Verdict.INSPECTION_NEEDED, hints)


# The reader itself


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_damage_raises_anything_but_malformed(data):
    sound = planted.executable(body(text(0, "DES"), static(CIPHER, 0), (0x002B, 3, 0), (0x0100, 1, 0, 0, 3, 0)))
    broken = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(8, len(broken) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    try:
        dex = Dex(bytes(broken))
        for method in range(len(dex.methods)):
            dex.method(method)
            found = dex.code(method)
            if found is not None:
                Flow(dex, found, set(range(len(dex.methods))), lambda _: None)
        for number_ in range(len(dex.classes)):
            dex.final_statics(number_)
            dex.interfaces(number_)
    except Malformed:
        pass


def test_a_method_with_no_instruction_calls_nothing():
    dex = Dex(planted.executable(body()))
    code = next(found for found in map(dex.code, range(len(dex.methods))) if found is not None)
    flow = Flow(dex, code._replace(units=code.units[:0]), {0}, lambda _: None)
    assert (flow.calls, flow.stored) == ({}, {})


def test_instructions_are_as_long_as_another_reader_says(samples):
    """Differential run against androguard on a real executable."""
    from androguard.core.dex import DEX  # noqa: PLC0415 - slow to import
    from loguru import logger  # noqa: PLC0415 - slow to import

    logger.disable("androguard")
    with zipfile.ZipFile(samples / "apk" / "com.politedroid_4.apk") as opened:
        data = opened.read("classes.dex")
    mine, compared = Dex(data), 0
    theirs = {method.get_method_idx(): method for method in DEX(data).get_encoded_methods()}
    for index, method in theirs.items():
        found = mine.code(index)
        if method.get_code() is None:
            assert found is None
            continue
        lengths, opcodes = [], []
        for instruction in method.get_instructions():
            lengths.append(instruction.get_length())
            opcodes.append(instruction.get_op_value())
        steps = [(at * 2, op) for at, op in walk(found.units.tolist())]
        offsets = [sum(lengths[:i]) for i in range(len(lengths))]
        tables = {0x0100, 0x0200, 0x0300}
        assert steps == [(at, op) for at, op in zip(offsets, opcodes, strict=True) if op not in tables]
        compared += len(steps)
    assert compared > 500


def test_a_long_file_offset_does_not_lead_outside():
    sound = bytearray(planted.executable(body()))
    struct.pack_into("<L", sound, 60, 0xFFFFFFF0)  # string_ids_off
    with pytest.raises(Malformed):
        Dex(bytes(sound))
