"""The kits, one package a product; `find` and `listing` scan this folder."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from hallmark.kernel.errors import Missing
from hallmark.lab.kit import Kit

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoKit(Missing):
    """No kit tests products of this type."""

    en = "There is no test kit for product type {product_type}. Kits exist for: {known}."
    zh = "产品类型 {product_type} 没有测试套件。现有套件适用于：{known}。"


def listing() -> Iterator[Kit]:
    """Yield every kit, in order of package name; listing loads none of their libraries."""
    for module in pkgutil.iter_modules(__path__):
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "KIT", None)
        if isinstance(found, Kit):
            yield found


def find(product_type: str) -> Kit:
    """Return the kit for `product_type`, such as CFP-02; raises `NoKit`."""
    kits = list(listing())
    for kit in kits:
        if product_type in kit.product_types:
            return kit
    known = ", ".join(sorted({name for kit in kits for name in kit.product_types}))
    raise NoKit(product_type=product_type, known=known or "-")
