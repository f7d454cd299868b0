"""The self-check: published answers, and planted bad input that must be found bad."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from hallmark.kernel.hashing import sha256
from hallmark.lab.kit import KnownAnswer, Session
from hallmark.lab.kits.client_software import code, exposure, package, planted, secrets, signature
from hallmark.lab.kits.client_software.planted import Method

WEAK_CALL = Method("Ljavax/crypto/Cipher;", "getInstance", ("Ljava/lang/String;",), "Ljavax/crypto/Cipher;")
_ESCAPE = "../../data/escape"
_FORGED = (
    "Verifies\nVerified using v2 scheme (APK Signature Scheme v2): true\nSigner #1 certificate DN: CN=x\n"
    + "".join(f"Signer #1 certificate SHA-256 digest: {digit * 64}\n" for digit in "ab")
)


def self_check() -> list[KnownAnswer]:
    """Return the answers of this machine beside the ones it must give."""
    with tempfile.TemporaryDirectory() as folder:
        session = _session(Path(folder))
        archive = package.measure(session)
        flags = exposure.measure(session)
        calls = code.measure(session)
        found = secrets.measure(session)
    return [
        # FIPS 180-4, example for the message "abc".
        KnownAnswer("SHA-256 of abc", "ba7816bf8f01cfea", sha256(b"abc").hex()[:16]),
        # Two equally frequent letters carry one bit each (Shannon 1948).
        KnownAnswer("entropy of abab", "1.0", str(secrets.entropy("abab"))),
        KnownAnswer("forged verifier output", "ambiguous", signature.read_answer(0, _FORGED, "")["outcome"]),
        KnownAnswer("planted path out of the package", f"['{_ESCAPE}']", str(_at(archive, "where", "path-escape"))),
        KnownAnswer("planted flag under another name", "[True]", str(flags.get("debuggable"))),
        KnownAnswer("planted weak cipher", "['DES']", str(_at(calls, "calls", 0, "values"))),
        KnownAnswer("planted private key", "private key", str(_at(found, "hits", 0, "kind"))),
    ]


def bad_package() -> bytes:
    """Return a package that is bad in every way the self-check looks for."""
    manifest = planted.application(**{"+debuggable+icon": True})
    body = (0x001A, "DES", 0x1071, WEAK_CALL, 0x0000, 0x000E)
    key = "-----BEGIN PRIVATE KEY-----\n" + "M" * 96 + "\n-----END PRIVATE KEY-----\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("AndroidManifest.xml", planted.compiled_xml(manifest))
        opened.writestr("classes.dex", planted.executable(Method("Lorg/example/pay/Vault;", "seal", units=body)))
        opened.writestr("assets/key.pem", key)
        opened.writestr(_ESCAPE, b"x")
    return out.getvalue()


def _session(folder: Path) -> Session:
    path = folder / "planted.apk"
    path.write_bytes(bad_package())
    return Session({"apk": (path,)}, {}, b"", 0, folder, lambda _done, _total, _note="": None)


def _at(value: object, *keys: str | int) -> object:
    """Return what lies at `keys`, or None: a wrong answer is to be told, not to break the check."""
    for key in keys:
        try:
            value = value[key]  # type: ignore[index]  # what has no such key gives None
        except (KeyError, IndexError, TypeError):
            return None
    return value
