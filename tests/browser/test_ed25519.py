"""Ed25519 in the browser follows the one strict rule, whatever the browser's own library would accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from browser.parts import judge, same
from hallmark.kernel import ed25519
from hallmark.kernel.ed25519 import L, P
from world.cast import key


def outcome(case: tuple[bytes, bytes, bytes]) -> Any:
    """Return what the kernel says."""

    def run() -> str:
        ed25519.verify(*case)
        return "accepted"

    return judge(run)


def test_the_914_edge_cases_fall_as_in_the_kernel(in_browser: Any, samples: Path) -> None:
    vectors = json.loads((samples / "ed25519" / "ed25519vectors.json").read_bytes())
    cases = [(bytes.fromhex(each["key"]), each["msg"].encode(), bytes.fromhex(each["sig"])) for each in vectors]
    expected = [outcome(case) for case in cases]
    assert len(cases) == 914
    assert expected.count("accepted") == 43
    same(in_browser("ed25519", cases), expected)


def test_what_the_rule_forbids_is_refused_before_the_equation_is_asked(in_browser: Any) -> None:
    signer = key("anybody")
    public, signature = signer.public.material, signer.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    cases = [
        (public, b"message", signature),
        (public, b"massage", signature),
        (public, b"message", signature[:32] + (s + L).to_bytes(32, "little")),
        (public, b"message", signature[:-1]),
        (public[:-1], b"message", signature),
        (bytes(32), b"message", signature),
        (P.to_bytes(32, "little"), b"message", signature),
        ((2).to_bytes(32, "little"), b"message", signature),
        (b"\x01" + bytes(31), b"message", b"\x01" + bytes(63)),
    ]
    expected = [outcome(case) for case in cases]
    assert expected[0] == "accepted"
    assert expected.count("accepted") == 1
    same(in_browser("ed25519", cases), expected)
