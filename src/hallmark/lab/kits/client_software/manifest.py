"""The Android manifest as the platform understands it, references and defaults included.

An absent attribute has a default, and the default depends on the oldest platform the package supports and on the one it
targets; a present one may refer to a resource with several values. Every value that some device would use counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.lab.kits.client_software import axml
from hallmark.lab.kits.client_software.archive import OverBudget
from hallmark.lab.kits.client_software.axml import Element, Value
from hallmark.lab.kits.client_software.resources import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallmark.lab.kits.client_software.archive import Archive

NAME, VALUE = 0x01010003, 0x01010024
PERMISSION, READ_PERMISSION, WRITE_PERMISSION, PROTECTION_LEVEL = 0x01010006, 0x01010007, 0x01010008, 0x01010009
DEBUGGABLE, EXPORTED = 0x0101000F, 0x01010010
OLDEST_PLATFORM, TARGET_PLATFORM, TEST_ONLY = 0x0101020C, 0x01010270, 0x01010272
BACKUP_AGENT, ALLOW_BACKUP = 0x0101027F, 0x01010280
FULL_BACKUP_ONLY, FULL_BACKUP_CONTENT, CLEAR_TEXT = 0x01010473, 0x010104EB, 0x010104EC
NETWORK_SECURITY, EXTRACTION_RULES = 0x01010527, 0x0101063E
SPLIT_REQUIRED, REQUIRED_SPLIT_TYPES = 0x01010591, 0x0101064E

BUNDLE = "BundleConfig.pb"
_TRUE = ("1", "true", "TRUE")
COMPONENTS = ("activity", "activity-alias", "service", "receiver", "provider")
PERMISSION_TAGS = ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m")
_START_ACTION, _START_CATEGORIES = (
    "android.intent.action.MAIN",
    {"android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER"},
)
_PROTECTION = {0: "normal", 1: "dangerous", 2: "signature", 3: "signature", 4: "signature"}
"""Base protection levels of the platform's `PermissionInfo`: signatureOrSystem and internal are no weaker."""

Truths = list[bool | None]
"""Every value that some device would use, None for one that cannot be told; empty where the attribute is absent."""


class PartOfApplication(Malformed):
    """The package is one part of an application that is delivered in several."""

    en = "This is a bundle or a part of a split application: {why}. Submit the universal package, which holds all."
    zh = "提交的是应用束或拆分包：{why}。请提交包含全部内容的通用安装包。"


class Manifest:
    """The manifest of an Android package; raises `Malformed`, of a split application `PartOfApplication`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        if BUNDLE in archive.entries:
            raise PartOfApplication(why=Text(f"其中含有 {BUNDLE}", f"it holds {BUNDLE}"))
        self.root = axml.parse(archive.read("AndroidManifest.xml"))
        self._table = Table(archive.read("resources.arsc") if "resources.arsc" in archive.entries else b"")
        applications = list(self.root.named("application"))
        self.application = applications[0] if applications else Element("application")
        self.package = self.text(self.root, "package")
        self._refuse_parts()
        self.oldest, self.target = 1, 1
        for uses in self.root.named("uses-sdk"):
            self.oldest = self._number(uses.value(OLDEST_PLATFORM), 1)
            self.target = self._number(uses.value(TARGET_PLATFORM), self.oldest)

    def _refuse_parts(self) -> None:
        """Raise where code or libraries lie in packages that are not here."""
        if split := self.text(self.root, "split"):
            raise PartOfApplication(why=Text(f"它是分包 {split}", f"it is the part {split}"))
        asked = (*self.truths(self.root, SPLIT_REQUIRED), *self.truths(self.application, SPLIT_REQUIRED))
        if True in asked or self.text(self.root, REQUIRED_SPLIT_TYPES):
            raise PartOfApplication(why=Text("它还需要其他分包", "it needs other parts"))

    def text(self, element: Element, key: int | str) -> str:
        """Return the attribute as text, empty where it is absent or no text."""
        return next((text for text in self.texts(element, key) if text), "")

    def texts(self, element: Element, key: int | str) -> list[str]:
        """Return every text the attribute can stand for; a reference that leads nowhere gives `@` and its number."""
        value = element.value(key)
        if value is None:
            return []
        return [found.text or "" for found in self._table.values(value)] or [f"@{value.data:08x}"]

    def truths(self, element: Element, key: int | str) -> Truths:
        """Return every truth value the attribute can stand for, by the platform's rules for numbers and texts.

        Where a forged manifest says it twice, both count.
        """
        found: set[bool | None] = set()
        for value in element.values(key):
            found |= {_truth(each) for each in self._table.values(value)} or {None}
        return sorted(found, key=repr)

    def documents(self, element: Element, key: int) -> Iterator[Element | None]:
        """Yield the compiled XML files that the attribute can refer to, None for one that cannot be read."""
        for path in dict.fromkeys(self.texts(element, key)):
            try:
                yield axml.parse(self._archive.read(path))
            except OverBudget:
                raise
            except Malformed:
                yield None

    def qualified(self, name: str) -> str:
        """Return the full class name: a leading dot, or no dot at all, means the manifest's own package."""
        return f"{self.package}{name}" if name.startswith(".") else name if "." in name else f"{self.package}.{name}"

    def elements(self) -> Iterator[Element]:
        """Yield every element of the manifest."""
        waiting = [self.root]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += element.children

    def strings(self) -> Iterator[tuple[str, str]]:
        """Yield (name, text) of every string resource."""
        return self._table.strings()

    def requested(self) -> list[str]:
        """Return the permissions the package asks for."""
        return sorted({self.text(element, NAME) for element in self.root.named(*PERMISSION_TAGS)})

    def defined(self) -> dict[str, str]:
        """Return the permissions the package defines, with their base protection level."""
        levels = {}
        for element in self.root.named("permission"):
            value = element.value(PROTECTION_LEVEL)
            number = self._number(value, 0) & 0xF if value else 0
            levels[self.text(element, NAME)] = _PROTECTION.get(number, "normal")
        return levels

    def components(self) -> Iterator[dict[str, object]]:
        """Yield what other applications could reach: kind, name, what is said of exporting it, guards, filters."""
        default = self.text(self.application, PERMISSION)
        for element in self.application.named(*COMPONENTS):
            one = self.text(element, PERMISSION) or default
            guards = [one]
            if element.tag == "provider":
                guards = [self.text(element, READ_PERMISSION) or one, self.text(element, WRITE_PERMISSION) or one]
            filters = list(element.named("intent-filter"))
            yield {
                "kind": element.tag,
                "name": self.qualified(self.text(element, NAME)),
                "exported": self.truths(element, EXPORTED),
                "filters": len(filters),
                "only_starts": bool(filters) and all(map(self._starts, filters)),
                "guards": guards,
            }

    def _starts(self, intent: Element) -> bool:
        actions = {self.text(action, NAME) for action in intent.named("action")}
        categories = {self.text(category, NAME) for category in intent.named("category")}
        return actions == {_START_ACTION} and bool(categories & _START_CATEGORIES) and not any(intent.named("data"))

    def _number(self, value: Value | None, default: int) -> int:
        found = [each.data for each in self._table.values(value) if each.is_integer] if value else []
        return min(found, default=default)


def oldest_platform(archive: Archive) -> int:
    """Return the API level of the oldest platform that the package supports; raises as `Manifest` does."""
    return Manifest(archive).oldest


def _truth(value: Value) -> bool | None:
    if value.is_integer:
        return value.data != 0
    return value.text in _TRUE if value.text is not None else None
