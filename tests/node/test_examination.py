"""Evidence is verified by hand: an archived bundle, or the files that a vendor's tools wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from attestation import makers
from attestation.makers import AT, REPORT_DATA, Authority
from hallmark.attestation.formats import Bundle
from hallmark.kernel import instant
from hallmark.node.__main__ import main

COMMAND = ("verify-evidence", "--at", instant.to_text(AT))


@pytest.fixture(scope="module")
def vendor() -> Authority:
    return Authority()


def parts(bundle: Bundle, folder: Path) -> list[str]:
    """Write each part to a file, and return what names them."""
    words = []
    for name, content in {**bundle.evidence, **bundle.collateral}.items():
        (folder / name).write_bytes(content)
        words += ["--part", f"{name}={folder / name}"]
    return words


def said(capsys, *words: object) -> dict[str, object]:
    assert main([*map(str, words)]) == 0, capsys.readouterr().err
    return dict(json.loads(capsys.readouterr().out))


def test_a_vendor_s_files_are_verified_archived_and_verified_again(vendor, tmp_path, capsys) -> None:
    bundle, anchor = makers.snp(vendor), next(iter(vendor.anchors)).hex()
    archived = tmp_path / "archived"
    words = ("--format", "sev-snp", *parts(bundle, tmp_path), "--anchor", anchor, "--archive", archived)
    shown = said(capsys, *COMMAND, *words)
    assert (shown["family"], shown["report_data"], shown["missing"]) == ("amd-sev-snp", REPORT_DATA.hex(), [])
    assert shown["at"] == instant.to_text(AT)
    assert Bundle.decode(archived.read_bytes()) == bundle
    assert said(capsys, *COMMAND, "--evidence", archived, "--anchor", anchor) == shown


def test_files_of_one_part_follow_one_another(vendor, tmp_path, capsys) -> None:
    bundle, anchor = makers.snp(vendor), next(iter(vendor.anchors)).hex()
    whole = bundle.collateral["chain"]
    words = parts(
        Bundle(bundle.format, bundle.evidence, {"revocation_lists": bundle.collateral["revocation_lists"]}), tmp_path
    )
    for number, content in enumerate((whole[:1000], whole[1000:])):
        (tmp_path / str(number)).write_bytes(content)
        words += ["--part", f"chain={tmp_path / str(number)}"]
    assert said(capsys, *COMMAND, "--format", "sev-snp", *words, "--anchor", anchor)["missing"] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Use one of: tpm, sev-snp"),
        (("--format", "nitro", "--part", "report={}"), "no part report, but document"),
        (("--format", "nitro", "--part", "document={}"), "not a valid Nitro attestation document"),
        (("--format", "nitro", "--part", "document=/nowhere"), "nowhere"),
        (("--evidence", "{}"), "not canonical CBOR"),
        (("--format", "nitro"), "document"),
    ],
)
def test_what_cannot_be_verified_says_why(words, why, tmp_path, capsys) -> None:
    (tmp_path / "file").write_bytes(b"nothing of the kind")
    assert main([*COMMAND, *(word.format(tmp_path / "file") for word in words)]) == 1
    assert why in capsys.readouterr().err


def test_without_an_anchor_only_the_vendor_s_published_roots_count(vendor, tmp_path, capsys) -> None:
    assert main([*COMMAND, "--format", "sev-snp", *parts(makers.snp(vendor), tmp_path)]) == 1
    assert "root" in capsys.readouterr().err


def test_a_time_that_is_none_is_named(tmp_path, capsys) -> None:
    (tmp_path / "file").write_bytes(makers.tpm().encode())
    assert main(["verify-evidence", "--evidence", str(tmp_path / "file"), "--at", "yesterday"]) == 1
    assert "RFC 3339" in capsys.readouterr().err
