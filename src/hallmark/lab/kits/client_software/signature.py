"""Who signed the package: the reference verifier's verdict, and the strength of what it relied on.

Being signed and verifying are two things, and verifying depends on the oldest platform that the package supports; both
are recorded. Only the reference verifier `apksigner` decides; nothing here re-implements it.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hallmark.kernel.errors import Malformed
from hallmark.lab.kit import Verdict, limit, number
from hallmark.lab.kits.client_software.archive import Archive
from hallmark.lab.kits.client_software.judging import deciding, declared, judge, looking_at
from hallmark.lab.kits.client_software.manifest import oldest_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallmark.lab.kit import Judgement, Limits, Observation, Session

PROVIDER = Path("/usr/share/java/bcprov.jar")
"""Debian's libbcprov-java: without it Java knows no RSA-PSS by Android's name, and the verifier breaks off."""
_PROVIDER_CLASS = "org.bouncycastle.jce.provider.BouncyCastleProvider"
_HEAP = (
    "-JXmx512m",
    "-JXss4m",
    "-JXX:+UseSerialGC",
    "-JXX:CompressedClassSpaceSize=64m",
    "-JXX:ReservedCodeCacheSize=64m",
)
_WALL_S = 60
_MOST_LINES = 200

_SCHEME = re.compile(r"Verified using (v[\d.]+) scheme .*: (true|false)")
_FIELDS = {
    "certificate DN": "name",
    "certificate SHA-256 digest": "digest",
    "key algorithm": "algorithm",
    "key size (bits)": "bits",
}
_SIGNER = re.compile(rf"(?P<who>(?!Source Stamp)\S.*?) (?P<what>{'|'.join(map(re.escape, _FIELDS))}): (?P<value>.*)")
_FORMAT_ERRORS = ("ApkFormatException", "ZipFormatException", "MinSdkVersionException")

_DEBUG_NAMES = ("CN=Android Debug", "EMAILADDRESS=android@android.com")
"""Names in the certificates of the Android build tools' debug keys and the platform's published test keys."""

_UNKNOWN = "unknown"
_DIGEST_NAMES = {  # content of the object identifier, RFC 3279 and RFC 5754
    "2a864886f70d0205": "MD5",
    "2b0e03021a": "SHA-1",
    "608648016503040204": "SHA-224",
    "608648016503040201": "SHA-256",
    "608648016503040202": "SHA-384",
    "608648016503040203": "SHA-512",
}
_STRENGTH = (_UNKNOWN, *_DIGEST_NAMES.values())
_ATTRIBUTE = re.compile(r"(?:(MD5|SHA1|SHA-?\d+)-Digest)(?:-Manifest)?: ", re.IGNORECASE)
_SIGNATURE_FILE = re.compile(r"META-INF/[^/]+\.(RSA|DSA|EC)", re.IGNORECASE)


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Run the reference verifier at the package's own oldest platform, and read which digests the JAR scheme used."""
    seen = _verify(path, session.folder)
    if seen["outcome"] == "rejected":
        seen["from_28"] = _verify(path, session.folder, "--min-sdk-version", "28")["outcome"]
    seen["owners"] = [digest.lower().replace(":", "") for digest in declared(session, "owner_certificates") or ()]
    try:
        with Archive(path) as archive:
            seen["jar_digests"] = sorted(set(_jar_digests(archive)))
            seen["oldest_platform"] = oldest_platform(archive)
    except Malformed as breach:
        seen["unreadable"] = breach.explain("en")
    return seen


@deciding
def decide_signature(seen: Observation, limits: Limits) -> Judgement:
    """CLI-01: the verifier accepts the package, by scheme v2 or later where it may, and the signer is the owner.

    Limit `newer_scheme_from`: API level of the oldest platform from which scheme v1 alone is not enough.
    """
    recorded = ("oldest_platform", "schemes", "from_28", "tool")
    values = {key: seen[key] for key in recorded if key in seen}
    newer = [scheme for scheme in seen["schemes"] if scheme not in ("v1", "v4")]
    strangers = [f"{s['digest']} ({s['name']})" for s in seen["signers"] if s["digest"] not in seen["owners"]]
    if seen["outcome"] in ("crashed", "ambiguous"):
        return judge(
            Verdict.INCONCLUSIVE,
            "参考验证工具未能给出结论；若提示缺少 PSS 算法，请安装 libbcprov-java。",
            "The reference verifier gave no clear answer; where it lacks PSS, install libbcprov-java.",
            seen["errors"],
            values=values,
        )
    if seen["outcome"] != "verifies":
        return judge(
            Verdict.FAIL,
            "参考验证工具在软件包自身的最低平台版本上拒绝其签名。",
            "The reference verifier rejects the signature at the package's own oldest platform.",
            seen["errors"],
            values=values,
        )
    if not newer and (seen.get("oldest_platform") or 1) >= number(limits, "newer_scheme_from"):
        return judge(
            Verdict.FAIL,
            "仅使用 v1 签名方案，而所支持的平台均可使用 v2 及以上方案。",
            "Signed by scheme v1 only, although every supported platform knows scheme v2.",
            seen["warnings"],
            values=values,
        )
    if not seen["owners"]:
        return judge(
            Verdict.NOT_RUN,
            "签名有效，但申请人未声明所有者证书的 SHA-256 摘要。",
            "The signature verifies, but the applicant has not declared the SHA-256 digest of the owner's certificate.",
            strangers,
            values=values,
        )
    if strangers:
        return judge(
            Verdict.FAIL,
            "签名者不是所声明的所有者。",
            "The signer is not the declared owner.",
            strangers,
            values=values,
        )
    return judge(
        Verdict.PASS,
        "签名有效，签名者即所声明的所有者。",
        "The signature verifies and the signer is the declared owner.",
        seen["warnings"],
        values=values,
    )


@deciding
def decide_strength(seen: Observation, limits: Limits) -> Judgement:
    """CLI-02: keys and digests are strong enough, and the key is no published one.

    Limits `rsa_bits`, `ec_bits`: least key sizes; `refused_digests`: names such as MD5 and SHA-1. Scheme v2 and later
    know no digest below SHA-256, so digests are looked at where the verifier relied on scheme v1. Other key types have
    no limit in the criterion and fail.
    """
    if seen["outcome"] != "verifies":
        return judge(
            Verdict.INCONCLUSIVE,
            "签名未通过验证，无可评价的签名者。",
            "The signature does not verify, so there is no signer to judge.",
        )
    least = {"RSA": number(limits, "rsa_bits"), "EC": number(limits, "ec_bits")}
    refused = set(limit(limits, "refused_digests"))
    digests = seen.get("jar_digests", []) if "v1" in seen["schemes"] else []
    weak = [f"scheme v1 uses {digest}" for digest in digests if digest in refused]
    for signer in seen["signers"]:
        if any(name in signer["name"] for name in _DEBUG_NAMES):
            weak.append(f"published development key: {signer['name']}")
        if signer["bits"] < least.get(signer["algorithm"], float("inf")):
            weak.append(f"key: {signer['algorithm']} {signer['bits']}")
    values = {"signers": seen["signers"], "scheme_v1_digests": digests}
    if weak:
        return judge(
            Verdict.FAIL,
            "签名密钥或摘要强度不足，或使用了公开的开发密钥。",
            "A signing key or digest is too weak, or the key is a published development key.",
            weak,
            values=values,
        )
    if "v1" in seen["schemes"] and (not digests or _UNKNOWN in digests):
        return judge(
            Verdict.INCONCLUSIVE,
            "无法读取 v1 签名所用摘要。",
            "The digests of scheme v1 cannot be read.",
            values=values,
        )
    return judge(
        Verdict.PASS, "签名密钥与摘要强度足够。", "The signing keys and digests are strong enough.", values=values
    )


def _verify(path: Path, folder: Path, *options: str) -> dict[str, Any]:
    """Return what the reference verifier says of the package."""
    command = ["apksigner", *_HEAP, *_provider(folder), "verify", "--verbose", "--print-certs", *options, str(path)]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the path is the laboratory's own
            command, capture_output=True, check=False, timeout=_WALL_S, env=environment, cwd=folder
        )
    except subprocess.TimeoutExpired:
        return _answer("crashed", errors=["no answer in time"])
    return read_answer(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def _provider(folder: Path) -> tuple[str, ...]:
    """Return the options that add RSA-PSS to Java, where the library is installed."""
    if not PROVIDER.exists():
        return ()
    order = folder / "java.security"
    order.write_text(f"security.provider.4={_PROVIDER_CLASS}\n", "ascii")  # behind SUN, SunRsaSign and SunEC
    return (
        f"-JXbootclasspath/a:{PROVIDER}",
        f"-JDjava.security.properties={order}",
        "-JDorg.bouncycastle.rsa.max_size=16384",
    )


def _answer(outcome: str, **found: Any) -> dict[str, Any]:
    return {"outcome": outcome, "schemes": [], "signers": [], "errors": [], "warnings": []} | found


def read_answer(code: int, out: str, err: str) -> dict[str, Any]:
    """Return the verifier's printed answer as data.

    Names in a certificate are the signer's own words, line breaks included: a field that is printed twice is not
    believed, and the exit code alone says whether the package verifies.
    """
    lines = out.splitlines()
    told: dict[str, Any] = {
        kind: [line.removeprefix(mark) for line in lines + err.splitlines() if line.startswith(mark)][:_MOST_LINES]
        for kind, mark in (("errors", "ERROR: "), ("warnings", "WARNING: "))
    }
    if code:
        return _refusal(told, err)
    fields: dict[tuple[str, str], str] = {}
    schemes: dict[str, str] = {}
    for line in lines:
        before = len(fields) + len(schemes)
        if match := _SCHEME.fullmatch(line):
            schemes[match[1]] = match[2]
        elif match := _SIGNER.fullmatch(line):
            fields[match["who"], _FIELDS[match["what"]]] = match["value"]
        else:
            continue
        if len(fields) + len(schemes) == before:
            return _answer("ambiguous", errors=[f"printed twice: {line}"])
    signers: list[dict[str, Any]] = [
        {name: fields.get((who, name), "") for name in _FIELDS.values()} for who in sorted({who for who, _ in fields})
    ]
    for signer in signers:
        signer["bits"] = int(signer["bits"]) if signer["bits"].isdecimal() else 0
    told |= {"schemes": [name for name, used in schemes.items() if used == "true"], "signers": signers}
    return _answer("verifies" if signers else "ambiguous", **told)


def _refusal(told: dict[str, Any], err: str) -> dict[str, Any]:
    """Tell a package that is refused from a verifier that broke off."""
    crash = re.search(r'Exception in thread "[^"]*" (\S+?)(?::(.*))?$', err, re.MULTILINE)
    if told["errors"] or "DOES NOT VERIFY" in err.splitlines():
        return _answer("rejected", **told)
    if crash and crash[1].endswith(_FORMAT_ERRORS):
        return _answer("malformed", errors=[(crash[2] or crash[1]).strip()], warnings=told["warnings"])
    said = "; ".join(err.splitlines()[:1]) or "no reason given"
    return _answer("crashed", errors=[crash[0] if crash else said], warnings=told["warnings"])


def _jar_digests(archive: Archive) -> Iterator[str]:
    """Yield the digests that scheme v1 rests on: of each signature, and the best that each manifest section offers."""
    for name in archive.entries:
        if _SIGNATURE_FILE.fullmatch(name):
            yield from _signer_digests(archive.read(name))
        elif re.fullmatch(r"META-INF/([^/]+\.SF|MANIFEST\.MF)", name, re.IGNORECASE):
            for section in re.split(rb"\r?\n\r?\n", archive.read(name)):
                offered = {_canonical(match) for match in _ATTRIBUTE.findall(section.decode("utf-8", "replace"))}
                if offered:
                    yield max(offered, key=_STRENGTH.index)


def _canonical(name: str) -> str:
    bare = name.upper().replace("-", "")
    return next((known for known in _STRENGTH if known.replace("-", "") == bare), _UNKNOWN)


def _signer_digests(message: bytes) -> Iterator[str]:
    """Yield the digest algorithm of every SignerInfo in a PKCS #7 SignedData (RFC 2315 9.1)."""
    try:
        _, (_, wrapped), *_ = _parts(next(_parts(message))[1])
        signed = list(_parts(next(_parts(wrapped))[1]))
        for _, info in _parts(signed[-1][1]):
            algorithm = list(_parts(info))[2][1]
            yield _DIGEST_NAMES.get(next(_parts(algorithm))[1].hex(), _UNKNOWN)
    except (ValueError, IndexError, StopIteration):
        yield _UNKNOWN


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of the values in `der`; raises `ValueError` for anything but short tags and sure lengths."""
    at = 0
    while at < len(der):
        size, begin = der[at + 1], at + 2
        if size & 0x80:
            width = size & 0x7F
            size, begin = int.from_bytes(der[begin : begin + width]), begin + width
            if not 0 < width <= 4:
                raise ValueError
        if begin + size > len(der):
            raise ValueError
        yield der[at], der[begin : begin + size]
        at = begin + size
