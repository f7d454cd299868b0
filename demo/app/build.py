"""Builds the reference payment app from this folder: `python3 build.py check` or `python3 build.py release`.

`check` compiles the source with the committed certificate and compares every file inside the committed package: the
same, or the names that differ. `release` draws a new owner key, signs, and replaces the package, the certificate and
the hashes in the declaration; the key is forgotten unless `--owner` names a folder, outside the repository, to keep it.

Everything but the signature is reproducible. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "reference-payment-1.0.0.apk"
CERTIFICATE = HERE / "owner.x509.pem"
DECLARATION = HERE / "declaration.json"
NAME = "CN=Hallmark Reference Payment, OU=Demonstration, O=Hallmark, C=CN"
MIN_SDK = "28"

PROGRAMS = {
    "javac": "openjdk-17-jdk-headless",
    "keytool": "openjdk-17-jre-headless",
    "aapt": "aapt",
    "zipalign": "zipalign",
    "apksigner": "apksigner",
}
# Debian 11 is the last release with these two; unpacked anywhere (`dpkg-deb -x`), --root finds them.
FILES = {
    "usr/share/java/com.android.android-23.jar": "libandroid-23-java (Debian 11)",
    "usr/share/java/com.android.dx.jar": "dalvik-exchange (Debian 11)",
    "usr/share/android-framework-res/framework-res.apk": "android-framework-res",
}


class BuildError(Exception):
    """The build cannot go on; the message says why and what to do."""


class Toolchain:
    """Debian's Android tools, found under `roots`; nothing is run before all of them are there."""

    def __init__(self, roots: list[Path]) -> None:
        found = {name: next((root / name for root in roots if (root / name).exists()), None) for name in FILES}
        missing = [package for name, package in PROGRAMS.items() if not shutil.which(name)]
        missing += [package for name, package in FILES.items() if found[name] is None]
        if missing:
            raise BuildError(
                f"Not installed: {', '.join(missing)}. Install these Debian packages; those of Debian 11 "
                "can be unpacked into a folder with dpkg-deb -x and given with --root."
            )
        self.platform, self.dx, self.resources = (str(found[name]) for name in FILES)


def run(*command: object, **secret: str) -> None:
    """Run a program quietly, with `secret` in its environment; its output is shown only when it fails."""
    done = subprocess.run(  # noqa: S603 - fixed programs, no shell
        [str(part) for part in command],
        env={**os.environ, "LC_ALL": "C.UTF-8", **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def compile_package(tools: Toolchain, certificate: bytes, scratch: Path) -> Path:
    """Return the aligned, unsigned package whose integrity check expects `certificate` (DER)."""
    raw, classes, java = scratch / "res" / "raw", scratch / "classes", scratch / "java"
    for folder in (raw, classes, java):
        folder.mkdir(parents=True)
    (raw / "owner.der").write_bytes(certificate)

    platform, resources = scratch / "platform.apk", scratch / "resources.apk"
    source = HERE / "platform"
    run("aapt", "package", "-f", "-x", "-M", source / "AndroidManifest.xml", "-S", source / "res", "-F", platform)
    folders = ["-S", raw.parent, "-S", HERE / "res", "-I", tools.resources, "-I", platform]
    run("aapt", "package", "-f", "-M", HERE / "AndroidManifest.xml", *folders, "-J", java, "-F", resources)

    sources = sorted(java.rglob("*.java")) + sorted((HERE / "src").rglob("*.java"))
    # Java 8 without lambdas is the newest that dx turns into code for Android.
    options = ["-source", "8", "-target", "8", "-encoding", "UTF-8", "-g:source,lines"]
    strict = ["-Xlint:all,-options", "-Werror"]
    run("javac", *options, *strict, "-bootclasspath", tools.platform, "-d", classes, *sources)
    for copied in (*classes.rglob("R.class"), *classes.rglob("R$*.class")):
        copied.unlink()  # constants, already in the code that uses them
    dex = scratch / "classes.dex"
    dexer = ["java", "-cp", tools.dx, "com.android.dx.command.Main", "--dex"]
    run(*dexer, f"--min-sdk-version={MIN_SDK}", f"--output={dex}", classes)

    packed, aligned = scratch / "packed.apk", scratch / "aligned.apk"
    with zipfile.ZipFile(resources) as found, zipfile.ZipFile(packed, "w") as apk:
        contents = {name: found.read(name) for name in found.namelist()} | {"classes.dex": dex.read_bytes()}
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name)  # dated 1980-01-01
            entry.create_system = 0
            # Android 11 and later map the resource table as it lies in the package.
            entry.compress_type = zipfile.ZIP_STORED if name == "resources.arsc" else zipfile.ZIP_DEFLATED
            apk.writestr(entry, contents[name], compresslevel=9)
    run("zipalign", "-f", "4", packed, aligned)
    return aligned


def owner_key(folder: Path) -> tuple[Path, str]:
    """Return the key store in `folder` and its password, both made now (EC P-256) if the folder has none."""
    store, password = folder / "owner.p12", folder / "owner.password"
    if not store.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        kind = ["-keyalg", "EC", "-groupname", "secp256r1", "-sigalg", "SHA256withECDSA"]
        kind += ["-startdate", "2025/01/01 00:00:00", "-validity", "10950"]
        where = ["-keystore", store, "-storetype", "PKCS12", "-storepass:env", "OWNER", "-alias", "owner"]
        run("keytool", "-genkeypair", *kind, "-dname", NAME, *where, OWNER=password.read_text())
    return store, password.read_text()


def release(tools: Toolchain, owner: Path | None, scratch: Path) -> None:
    """Build, sign and put the package, the certificate and the declared hashes into this folder."""
    if owner and owner.resolve().is_relative_to(HERE.parents[1]):
        raise BuildError(f"{owner} lies in the repository; a private key must not. Name a folder elsewhere.")
    store, password = owner_key(owner or scratch / "owner")
    export = ["-keystore", store, "-storepass:env", "OWNER", "-alias", "owner", "-rfc", "-file", CERTIFICATE]
    run("keytool", "-exportcert", *export, OWNER=password)
    certificate = der(CERTIFICATE)
    unsigned = compile_package(tools, certificate, scratch)
    key = ["--ks", store, "--ks-pass", "env:OWNER", "--ks-key-alias", "owner"]
    schemes = [f"--v{n}-signing-enabled={str(n in (2, 3)).lower()}" for n in (1, 2, 3, 4)]
    run("apksigner", "sign", *key, *schemes, "--out", PACKAGE, unsigned, OWNER=password)

    declaration = json.loads(DECLARATION.read_text("utf-8"))
    declaration["owner_certificates"] = [hashlib.sha256(certificate).hexdigest()]
    DECLARATION.write_text(json.dumps(declaration, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{PACKAGE.name}: {PACKAGE.stat().st_size} bytes, SHA-256 {hashlib.sha256(PACKAGE.read_bytes()).hexdigest()}")


def check(tools: Toolchain, scratch: Path) -> None:
    """Build again and compare, file by file, with the committed package."""
    with zipfile.ZipFile(PACKAGE) as ours, zipfile.ZipFile(compile_package(tools, der(CERTIFICATE), scratch)) as new:
        mine, theirs = ({name: apk.read(name) for name in apk.namelist()} for apk in (ours, new))
    differing = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    if differing:
        raise BuildError(f"The source does not give the committed package. Different: {', '.join(differing)}.")
    print(f"{PACKAGE.name}: all {len(mine)} files follow from the source.")


def der(pem: Path) -> bytes:
    """Return the certificate in a PEM file."""
    return ssl.PEM_cert_to_DER_cert(pem.read_text("ascii"))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "release"])
    parser.add_argument("--root", type=Path, action="append", default=[], help="a folder with unpacked Debian packages")
    parser.add_argument("--owner", type=Path, help="a folder outside the repository that keeps the owner's key")
    asked = parser.parse_args()
    try:
        tools = Toolchain([*asked.root, Path("/")])
        with tempfile.TemporaryDirectory() as scratch:
            if asked.command == "check":
                check(tools, Path(scratch))
            else:
                release(tools, asked.owner, Path(scratch))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
