"""The offline verifier: one full check, and the command from a cold start, each beside a peer.

Check: a certificate under a checkpoint that five witnesses co-signed, in a log of 100,000 entries. The peer does only
what no verifier can leave out: `cryptography` checks the same seven Ed25519 signatures, and pymerkle four proofs of
inclusion in trees of the same sizes. CPU time, the best window.

Cold start: `hallmark-verify` as a process, with its files in the page cache. The peers are a Python that does nothing,
and OpenSSL checking a single Ed25519 signature. Wall time, the least of twenty runs in turn.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pymerkle
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from measure import Row, best, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "verify"))

from register import Register, state_status, trust

from hallmark import schemes
from hallmark.kernel import instant
from hallmark.scheme import loader
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import verify_certificate
from world.market import Market

ROOT = Path(__file__).resolve().parent.parent
WITNESSES = ("a", "b", "c", "d", "e")
ENTRIES = 100_000
SIGNATURES = 1 + len(WITNESSES) + 1  # log, witnesses, body
RUNS = 20


def main() -> None:
    """Print one row a measurement and the ratios."""
    data, bundle, at = certificate()
    gc.freeze()  # the market that made it is no burden of a verifier's
    check(data, TrustBundle.parse(bundle), at)
    with tempfile.TemporaryDirectory() as folder:
        cold_start(Path(folder), data, bundle, at)


def certificate() -> tuple[bytes, bytes, int]:
    """Return a machine form, a trust bundle, and when the status was stated."""
    market = Market(loader.load(schemes.read("cfp")), "CFP-01").open()
    _, number = market.certified()
    state_status(market)
    register = Register(market, WITNESSES, padding=ENTRIES)
    return register.form(number).encode(), trust(WITNESSES, len(WITNESSES)), market.clock


def check(data: bytes, bundle: TrustBundle, at: int) -> None:
    """Compare the check with its signatures and proofs alone."""
    ours = best(lambda: verify_certificate(data, bundle, at)) * 1e3
    signatures, proofs = plain_signatures() * 1e3, plain_proofs() * 1e3
    rows = [
        Row("full check, 5 co-signers", ours, "ms", 1.0, f"{SIGNATURES} signatures, 4 proofs", signatures + proofs),
        Row("  beside its signatures", ours - signatures, "ms"),
    ]
    show(f"offline check of a whole certificate, {len(data):,} bytes, CPU time", rows)


def plain_signatures() -> float:
    """Return the seconds that seven signatures over 2 kB take."""
    key = Ed25519PrivateKey.generate()
    message = bytes(2_000)
    signature, public = key.sign(message), key.public_key()
    return best(lambda: [public.verify(signature, message) for _ in range(SIGNATURES)])


def plain_proofs() -> float:
    """Return the seconds that four inclusion proofs take, three of them in a log of 2^16 entries."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(2**16):
        tree.append_entry(number.to_bytes(8))
    root, leaf, proof = tree.get_root(), tree.get_leaf(77), tree.prove_inclusion(77)
    return best(lambda: [pymerkle.verify_inclusion(leaf, root, proof) for _ in range(4)])


def cold_start(folder: Path, data: bytes, bundle: bytes, at: int) -> None:
    """Compare the command with two processes that do less."""
    (folder / "certificate.hallmark").write_bytes(data)
    (folder / "trust.json").write_bytes(bundle)
    command = ["-m", "hallmark.verify.command", "certificate.hallmark", "--trust", "trust.json"]
    command += ["--at", instant.to_text(at)]
    rows = {"hallmark-verify": [sys.executable, *command], "python, nothing": [sys.executable, "-c", "pass"]}
    if openssl := openssl_verify(folder):
        rows["openssl, 1 signature"] = openssl
    least = dict.fromkeys(rows, float("inf"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": str(folder / "cache")}
    for _ in range(RUNS + 1):  # the first compiles, and is never the least
        for name, arguments in rows.items():
            begin = time.perf_counter()
            subprocess.run(arguments, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
            least[name] = min(least[name], time.perf_counter() - begin)
    ours, *peers = ((name, seconds * 1e3) for name, seconds in least.items())
    rows = [Row(ours[0], ours[1], "ms", 150.0, *peer) for peer in peers]
    show("cold start, wall clock, least of the runs", rows)


def openssl_verify(folder: Path) -> list[str]:
    """Return the command by which OpenSSL checks one signature; nothing where there is no OpenSSL."""
    openssl = shutil.which("openssl")
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(pem)
    (folder / "message").write_bytes(b"message")
    (folder / "signature").write_bytes(key.sign(b"message"))
    arguments = "pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile signature"
    return [openssl, *arguments.split()] if openssl else []


if __name__ == "__main__":
    main()
