"""Which calls the code makes that an item asks about, who makes them, and how far the code can be read at all.

Names that a shrinker replaced hide whose code it is, and code loaded at run time is not in the package: both are
counted, so that no item passes on code nobody could see.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from hallmark.kernel.errors import Malformed
from hallmark.lab.kits.client_software import libraries
from hallmark.lab.kits.client_software.archive import Archive
from hallmark.lab.kits.client_software.exposure import platform_permissions
from hallmark.lab.kits.client_software.judging import declared, looking_at
from hallmark.lab.kits.client_software.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hallmark.lab.kit import Session
    from hallmark.lab.kits.client_software.archive import Entry
    from hallmark.lab.kits.client_software.dex import Code, Dex
    from hallmark.lab.kits.client_software.flow import Call, Values

MOST_CALLS = 20_000
EXECUTABLE = re.compile(r"classes\d*\.dex")
_SHORT_NAME = 2
_PLAIN = ("text", "number")


class Watched(NamedTuple):
    """A method worth finding: who owns it (empty: anyone), its name, and which argument decides, the object being 0."""

    rule: str
    owner: str
    name: str
    argument: int = 0
    signature: str = ""


WATCHED = (
    Watched("cipher", "Ljavax/crypto/Cipher;", "getInstance"),
    Watched("key-type", "Ljavax/crypto/KeyGenerator;", "getInstance"),
    Watched("key-type", "Ljavax/crypto/SecretKeyFactory;", "getInstance"),
    Watched("key-type", "Ljavax/crypto/spec/SecretKeySpec;", "<init>", -1),
    Watched("digest", "Ljava/security/MessageDigest;", "getInstance"),
    Watched("mac", "Ljavax/crypto/Mac;", "getInstance"),
    Watched("signature", "Ljava/security/Signature;", "getInstance"),
    Watched("constant-key", "Ljavax/crypto/spec/SecretKeySpec;", "<init>", 1),
    Watched("constant-iv", "Ljavax/crypto/spec/IvParameterSpec;", "<init>", 1),
    Watched("constant-iv", "Ljavax/crypto/spec/GCMParameterSpec;", "<init>", 2),
    Watched("constant-seed", "Ljava/security/SecureRandom;", "setSeed", 1),
    Watched("constant-seed", "Ljava/security/SecureRandom;", "<init>", 1, "([B)V"),
    Watched("script-interface", "", "addJavascriptInterface", 2, "(Ljava/lang/Object;Ljava/lang/String;)V"),
    Watched("script", "Landroid/webkit/WebSettings;", "setJavaScriptEnabled", 1),
    Watched("file-access", "Landroid/webkit/WebSettings;", "setAllowFileAccess", 1),
    Watched("file-from-file", "Landroid/webkit/WebSettings;", "setAllowFileAccessFromFileURLs", 1),
    Watched("any-from-file", "Landroid/webkit/WebSettings;", "setAllowUniversalAccessFromFileURLs", 1),
    Watched("mixed-content", "Landroid/webkit/WebSettings;", "setMixedContentMode", 1),
    Watched("page-debugging", "", "setWebContentsDebuggingEnabled", 0, "(Z)V"),
    Watched("page-loaded", "", "loadUrl", 1, "(Ljava/lang/String;)V"),
    Watched("certificate-error-ignored", "Landroid/webkit/SslErrorHandler;", "proceed"),
    Watched("any-host-verifier", "Lorg/apache/http/conn/ssl/AllowAllHostnameVerifier;", "<init>"),
    Watched("secure-window", "Landroid/view/Window;", "setFlags", 1),
    Watched("secure-window", "Landroid/view/Window;", "addFlags", 1),
    Watched("code-loaded", "Ldalvik/system/DexClassLoader;", "<init>"),
    Watched("code-loaded", "Ldalvik/system/PathClassLoader;", "<init>"),
    Watched("code-loaded", "Ldalvik/system/InMemoryDexClassLoader;", "<init>"),
)
_BY_NAME: dict[str, list[Watched]] = {}
for _watched in WATCHED:
    _BY_NAME.setdefault(_watched.name, []).append(_watched)

_TRUST = {
    "Ljavax/net/ssl/X509TrustManager;": "checkServerTrusted",
    "Ljavax/net/ssl/X509ExtendedTrustManager;": "checkServerTrusted",
    "Ljavax/net/ssl/HostnameVerifier;": "verify",
}
_REFUSING = frozenset((0x27, *range(0x6E, 0x73), *range(0x74, 0x79), *range(0xFA, 0xFE)))
"""throw and every invoke: a method without any of them cannot refuse."""
_RETURN_VALUE, _CONST_4 = 0x0F, 0x12


class Program:
    """All executables of a package; what cannot be read of them is counted, not raised."""

    def __init__(self, archive: Archive) -> None:
        from hallmark.lab.kits.client_software.dex import Dex  # noqa: PLC0415 - NumPy, only where it is measured

        self.unread: list[str] = []
        self.executables: list[Dex] = []
        for name in sorted(filter(EXECUTABLE.fullmatch, archive.entries), key=lambda name: (len(name), name)):
            try:
                self.executables.append(Dex(archive.read(name)))
            except Malformed as breach:
                self.unread.append(f"{name}: {breach.facts.get('why')}")
        self._classes: dict[str, tuple[Dex, int]] = {}
        for dex in self.executables:
            for number, name in enumerate(dex.class_names()):
                self._classes.setdefault(name, (dex, number))
        self._statics: dict[str, dict[str, Values | None]] = {}

    def class_names(self) -> list[str]:
        """Return the descriptors of all classes in the package."""
        return list(self._classes)

    def types(self) -> set[str]:
        """Return every type the code names, the platform's included."""
        return {name for dex in self.executables for name in dex.types()}

    def calls(self) -> Iterator[tuple[Watched, str, Values | None]]:
        """Yield (what is watched, the calling method, the values of the argument that decides) of every call."""
        from hallmark.lab.kits.client_software.flow import Flow  # noqa: PLC0415 - NumPy, only where it is measured

        for dex in self.executables:
            wanted = self._wanted(dex)
            for holder in dex.calls(wanted):
                caller = "->".join(dex.method(holder)[:2])
                try:
                    code = dex.code(holder)
                    flow = Flow(dex, code, wanted, partial(self._static, dex)) if code else None
                except Malformed as breach:
                    self.unread.append(f"{caller}: {breach.facts.get('why')}")
                    continue
                for call in flow.calls.values() if flow else ():
                    for watched in wanted[call.method]:
                        yield watched, caller, _deciding(call, watched)

    def careless(self) -> Iterator[tuple[str, str]]:
        """Yield (interface, method) of certificate and host name checks that can refuse nothing."""
        for dex in self.executables:
            for number, name in enumerate(dex.class_names()):
                try:
                    for interface in sorted(set(dex.interfaces(number)) & _TRUST.keys()):
                        for method in dex.class_methods(number):
                            if dex.method(method)[1] == _TRUST[interface] and _accepts_all(dex.code(method)):
                                yield interface[1:-1], f"{name}->{_TRUST[interface]}"
                except Malformed as breach:
                    self.unread.append(f"{name}: {breach.facts.get('why')}")

    def _wanted(self, dex: Dex) -> dict[int, list[Watched]]:
        wanted: dict[int, list[Watched]] = {}
        for index in dex.methods_named(*_BY_NAME):
            owner, name, signature = dex.method(index)
            for watched in _BY_NAME[name]:
                if watched.owner in ("", owner) and watched.signature in ("", signature):
                    wanted.setdefault(index, []).append(watched)
        return wanted

    def _static(self, dex: Dex, field: int) -> Values | None:
        owner, name = dex.field(field)
        if owner not in self._classes:
            return None
        if owner not in self._statics:
            self._statics[owner] = {}  # while its initialiser is followed, nothing of it is known
            self._statics[owner] = self._class_statics(*self._classes[owner])
        return self._statics[owner].get(name)

    def _class_statics(self, dex: Dex, number: int) -> dict[str, Values | None]:
        """Return what the final static fields of a class hold once it is initialised, by name."""
        from hallmark.lab.kits.client_software.flow import Flow  # noqa: PLC0415 - NumPy, only where it is measured

        given = dex.final_statics(number)
        held: dict[int, Values | None] = {
            field: None if value is None else frozenset({("text" if isinstance(value, str) else "number", value)})
            for field, value in given.items()
        }
        for method in dex.class_methods(number):
            code = dex.code(method) if dex.method(method)[1] == "<clinit>" else None
            if code is not None:
                stored = Flow(dex, code, (), partial(self._static, dex)).stored
                held |= {field: values for field, values in stored.items() if field in given}
        return {dex.field(field)[1]: _without_zeros(values) for field, values in held.items()}


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Read all executables: calls, careless checks, libraries, permissions and what uses them."""
    with Archive(path) as archive:
        package, program = Manifest(archive), Program(archive)
        session.progress(1, 3, "calls")
        calls = Counter(
            (watched.rule, watched.name, caller, _written(values)) for watched, caller, values in program.calls()
        )
        session.progress(2, 3, "names")
        calls.update(("careless", interface, method, None) for interface, method in program.careless())
        found = sorted(calls, key=repr)[:MOST_CALLS]
        hidden = [entry.name for entry in archive.entries.values() if _is_hidden(archive, entry)]
        return {
            "executables": len(program.executables),
            "classes": len(program.class_names()),
            "unread": sorted(set(program.unread)),
            "calls_left_out": len(calls) - len(found),
            "calls": [
                {
                    "rule": rule,
                    "name": name,
                    "in": caller,
                    "library": libraries.library_of(caller)[1],
                    "values": None if values is None else list(values),
                }
                for rule, name, caller, values in found
            ],
            "hidden": sorted(hidden),
            "oldest": package.oldest,
            "target": package.target,
            **_names(program.class_names(), _own_packages(package)),
            **_permissions(package, program.types()),
            "declared": {name: declared(session, name) for name in ("permissions", "libraries")},
        }


def _is_hidden(archive: Archive, entry: Entry) -> bool:
    """Whether an entry is, or holds, executable code under a name by which the platform would not load it."""
    if EXECUTABLE.fullmatch(entry.name):
        return False
    head = archive.head(entry, 4)
    return head == b"dex\n" or (head == b"PK\x03\x04" and b"classes.dex" in archive.read(entry.name))


def _accepts_all(code: Code | None) -> bool:
    """Whether a check can refuse nothing: it neither calls nor throws, and what it returns, if anything, is true."""
    from hallmark.lab.kits.client_software.flow import walk  # noqa: PLC0415 - NumPy, only where it is measured

    units: list[int] = code.units.tolist() if code else []
    instructions = list(walk(units))
    opcodes = {op for _, op in instructions}
    if not opcodes or opcodes & _REFUSING:
        return False
    return _RETURN_VALUE not in opcodes or any(op == _CONST_4 and units[at] >> 12 == 1 for at, op in instructions)


def _deciding(call: Call, watched: Watched) -> Values | None:
    arguments = call.arguments
    return arguments[watched.argument] if -len(arguments) <= watched.argument < len(arguments) else None


def _written(values: Values | None) -> tuple[str | int, ...] | None:
    """Return values as the observation holds them: texts, numbers, or the word `constant` for an array."""
    if values is None:
        return None
    written = {value if isinstance(value, str | int) and kind in _PLAIN else "constant" for kind, value in values}
    return tuple(sorted(written, key=str))


def _without_zeros(values: Values | None) -> Values | None:
    """An empty array in a field is as a rule filled elsewhere: nothing is known of it."""
    return None if values is None or any(kind == "zeros" for kind, _ in values) else values


def _own_packages(package: Manifest) -> tuple[str, ...]:
    """Return what the names of the application's own classes begin with."""
    return tuple({".".join(package.package.split(".")[:2]) + ".", package.package + "."})


def _names(classes: list[str], own: tuple[str, ...]) -> dict[str, Any]:
    """Return known libraries, other packages, and how many classes bear replaced names."""
    known: Counter[str] = Counter()
    others: Counter[str] = Counter()
    renamed = foreign = 0
    for descriptor in classes:
        package, name = libraries.library_of(descriptor)
        segments = descriptor[1:-1].split("/")
        if name:
            known[package] += name != libraries.PLATFORM
            continue
        foreign += 1
        outermost = segments[-1].split("$")[0]
        if len(outermost) <= _SHORT_NAME and outermost != "R":
            renamed += 1
        elif not ".".join(segments).startswith(own):
            others[".".join(segments[: min(3, len(segments) - 1)]) or "(no package)"] += 1
    return {
        "libraries": {package: libraries.LIBRARIES[package] for package, count in sorted(known.items()) if count},
        "other_packages": sorted(others),
        "other_classes": foreign,
        "renamed": renamed,
    }


def _permissions(package: Manifest, types: set[str]) -> dict[str, Any]:
    levels = platform_permissions()
    requested = package.requested()
    own = package.defined()
    used = {
        name: any(type_.startswith(prefixes) for type_ in types)
        for name in requested
        if (prefixes := libraries.USED_THROUGH.get(name.rsplit(".", 1)[-1]))
    }
    return {"permissions": {name: (levels | own).get(name, "unknown") for name in requested}, "used": used}
