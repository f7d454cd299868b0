"""Hostile and ambiguous archives, each made here, and honest ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import Malformed
from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import archive as reader
from hallmark.lab.kits.client_software import native, package, planted
from hallmark.lab.kits.client_software.check import bad_package
from hallmark.lab.kits.client_software.planted import Node
from hallmark.lab.kits.client_software.tests import builder

SOUND = builder.package(files={"assets/a.txt": b"a" * 100, "res/b.txt": b"b" * 100})


def judged(folder: Path, data: bytes) -> tuple[Verdict, str]:
    judgement = package.decide_archive(builder.observe(folder, package.measure, data), {})
    return judgement.verdict, "\n".join(judgement.findings) + judgement.reason.en


def rewritten(data: bytes, name: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Return `data` with a field of the header that carries `name` changed; signature tells central from local."""
    size = {b"PK\x01\x02": 46, b"PK\x03\x04": 30}[signature]
    at = next(i for i in range(len(data)) if data[i : i + 4] == signature and data[i + size :].startswith(name))
    return data[: at + offset] + value + data[at + offset + len(value) :]


def with_entries(*names: str) -> bytes:
    return builder.package(files=dict.fromkeys(names, b"x"))


def test_an_honest_package_is_read_alike_by_all(tmp_path):
    assert judged(tmp_path, SOUND) == (Verdict.PASS, "All readers see the same package.")


@pytest.mark.parametrize("name", ["AndroidManifest.xml", "classes.dex", "classes2.dex"])
def test_bytes_that_nobody_can_read_are_for_a_person_to_look_at(tmp_path, name):
    garbage = bytes(at * 37 % 251 for at in range(4000))
    verdict, said = judged(tmp_path, builder.package(files={name: garbage}))
    assert verdict is Verdict.INSPECTION_NEEDED
    assert f"nobody reads {'the manifest' if name.endswith('xml') else name}" in said


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("leads out of the package", with_entries("a/../../../etc/passwd")),
        ("leads out of the package", with_entries("a\\..\\..\\boot.ini")),
        ("absolute path", with_entries("/data/local/tmp/x")),
        ("absolute path", with_entries("C:/x")),
        (
            "two entries have one name",
            builder.archive([("classes.dex", b"1"), ("classes.dex", b"2"), ("AndroidManifest.xml", b"")]),
        ),
        ("a file and a folder", with_entries("AndroidManifest.xml/x")),
        ("has two names", SOUND.replace(b"assets/a.txt", b"assets/z.txt", 1)),
        ("claims to be encrypted", rewritten(SOUND, b"classes.dex", b"PK\x01\x02", 8, b"\1\0")),
        (
            "symbolic link",
            rewritten(
                rewritten(SOUND, b"res/b.txt", b"PK\x01\x02", 38, struct.pack("<L", 0o120777 << 16)),
                b"res/b.txt",
                b"PK\x01\x02",
                5,
                b"\3",
            ),
        ),
        ("entries share bytes", rewritten(SOUND, b"res/b.txt", b"PK\x01\x02", 42, struct.pack("<L", 0))),
    ],
    ids=builder.label,
)
def test_a_package_built_to_deceive_fails(tmp_path, what, data):
    verdict, said = judged(tmp_path, data)
    assert verdict is Verdict.FAIL
    assert what in said


def test_code_in_front_of_the_archive_fails(tmp_path):
    plain = builder.archive({"AndroidManifest.xml": b"", "classes.dex": b"x"})
    front = b"dex\n035\0" + bytes(100)
    moved = bytearray(front + plain)
    end = moved.rfind(b"PK\5\6")
    directory = int.from_bytes(moved[end + 16 : end + 20], "little") + len(front)
    moved[end + 16 : end + 20] = directory.to_bytes(4, "little")
    at = directory
    for _ in range(2):
        moved[at + 42 : at + 46] = (int.from_bytes(moved[at + 42 : at + 46], "little") + len(front)).to_bytes(
            4, "little"
        )
        at = moved.find(b"PK\1\2", at + 4)
    verdict, said = judged(tmp_path, bytes(moved))
    assert verdict is Verdict.FAIL
    assert "executable code stands in front" in said


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("bytes stand behind", SOUND + b"trailing"),
        ("more than one end record", SOUND[:-2] + struct.pack("<H", 22) + SOUND[-22:]),
        ("none of Android's", rewritten(SOUND, b"assets/a.txt", b"PK\x01\x02", 10, b"\x63\0")),
        ("two compression methods", rewritten(SOUND, b"assets/a.txt", b"PK\x03\x04", 8, b"\0\0")),
        ("two sizes or checksums", rewritten(SOUND, b"assets/a.txt", b"PK\x03\x04", 14, b"\1\2\3\4")),
        (
            "no header of its own",
            rewritten(SOUND, b"assets/a.txt", b"PK\x01\x02", 42, struct.pack("<L", len(SOUND) - 9)),
        ),
        ("cannot be expanded", rewritten(SOUND, b"assets/a.txt", b"PK\x01\x02", 20, struct.pack("<L", 3))),
        ("control characters", with_entries("a\x01b")),
        ("zipfile lists", with_entries("assets/q_q").replace(b"q_q", b"q\0q")),
    ],
    ids=builder.label,
)
def test_a_package_that_readers_understand_differently_goes_to_a_person(tmp_path, what, data):
    verdict, said = judged(tmp_path, data)
    assert verdict is Verdict.INSPECTION_NEEDED
    assert what in said


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", SOUND[: len(SOUND) // 2], SOUND[:-30] + SOUND[-22:], builder.archive({"a": b""})],
    ids=builder.label,
)
def test_what_is_no_package_fails(tmp_path, data):
    assert judged(tmp_path, data)[0] is Verdict.FAIL


@pytest.mark.parametrize(
    "data",
    [
        builder.archive({"BundleConfig.pb": b"", "base/manifest/AndroidManifest.xml": b""}),
        builder.package(planted.application(isSplitRequired=True)),
        builder.package(Node("manifest", {"-package": "org.example.pay", "-split": "config.xhdpi"})),
    ],
    ids=builder.label,
)
def test_part_of_a_split_application_is_not_judged(tmp_path, data):
    assert judged(tmp_path, data)[0] is Verdict.INCONCLUSIVE
    seen = builder.observe(tmp_path, native.measure, data)
    assert native.decide_native(seen, {}).verdict is Verdict.INCONCLUSIVE


def test_a_bomb_is_given_up_and_never_passes(tmp_path):
    verdict, said = judged(tmp_path, builder.package(files={"assets/zeros": bytes(reader.RATIO_COUNTS_FROM + 2**20)}))
    assert verdict is Verdict.INCONCLUSIVE
    assert "assets/zeros expands too far" in said


def test_more_entries_than_the_format_can_count_are_not_read(tmp_path):
    line = b"PK\1\2" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    directory = line * 200_000
    path = tmp_path / "many.zip"
    path.write_bytes(directory + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(directory), 0, 0))
    with pytest.raises(reader.OverBudget, match="65535 entries"):
        reader.Archive(path)


def test_names_that_are_all_slashes_cost_nothing(tmp_path):
    path = tmp_path / "deep.zip"
    path.write_bytes(builder.archive({"/" * 60_000: b"", "a/b": b""}))
    with reader.Archive(path) as opened:
        assert ("odd-name", repr("/" * 60_000)) in opened.traits


def test_padding_of_the_android_packager_is_no_leading_data(tmp_path):
    padding = b"PK\3\4" + bytes(22) + struct.pack("<HH", 0, 10) + bytes(10)
    inner = bytearray(builder.archive({"a": b"x"}, zipfile.ZIP_STORED))
    end, central = inner.rfind(b"PK\5\6"), inner.rfind(b"PK\1\2")
    inner[end + 16 : end + 20] = (central + len(padding)).to_bytes(4, "little")
    inner[central + 42 : central + 46] = len(padding).to_bytes(4, "little")
    path = tmp_path / "padded.zip"
    path.write_bytes(padding + inner)
    with reader.Archive(path) as opened:
        assert opened.traits == []
        assert opened.read("a") == b"x"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_raises_anything_but_malformed(tmp_path_factory, data):
    broken = bytearray(bad_package())
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(broken[: data.draw(st.integers(0, len(broken)))] if data.draw(st.booleans()) else broken)
    try:
        with reader.Archive(path) as opened:
            for name in opened.entries:
                opened.read(name)
    except Malformed:
        pass
