"""Identifiers that carry their kind and a check character, and depend on no document.

Grammar, ours and declared so: `PREFIX-PAYLOAD-C` where PREFIX names the kind, PAYLOAD is groups of digits and capital
letters joined by `-`, and C is the ISO 7064 MOD 37,36 check character over all letters and digits before it. One wrong
letter or digit is always found. A swap of two neighbours is always found too, unless the two follow each other in the
alphabet (0, 1, ... 9, A, ... Z, 0); of those swaps 35 in 36 are. Hyphens are not covered.
"""

from __future__ import annotations

import re

from hallmark.kernel import hashing
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RANDOM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_SHAPE = re.compile(r"[A-Z][A-Z0-9]{0,15}(-[A-Z0-9]{1,32}){1,8}-[0-9A-Z]")
_VALUES = bytes.maketrans(_ALPHABET.encode(), bytes(range(36)))
# ISO 7064 for 36 characters, as a table: the running product before a character, its value, the product after it.
_MODULUS = 36
_AFTER = [
    bytes(((product + value) % _MODULUS or _MODULUS) * 2 % (_MODULUS + 1) for value in range(_MODULUS))
    for product in range(_MODULUS + 1)
]
MAX_LENGTH = 96


class BadIdentifier(Malformed):
    """The text is no identifier of the kind wanted."""

    en = "{text} is not a valid {what}: {why}. Compare it with the original, letter by letter."
    zh = "{text}不是有效的{what}：{why}。请与原件逐字核对。"


def check_character(text: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character of `text`, which holds digits, capital letters and `-` alone."""
    product = _MODULUS
    for value in text.replace("-", "").encode().translate(_VALUES):
        product = _AFTER[product][value]
    return _ALPHABET[(_MODULUS + 1 - product) % _MODULUS]


def complete(text: str) -> str:
    """Return `text` with its check character appended; raises `BadIdentifier` where the shape is wrong."""
    return parse(f"{text}-{check_character(text)}") if _SHAPE.fullmatch(f"{text}-0") else _refuse(text, "identifier")


def parse(text: str, prefix: str = "", what: str = "identifier") -> str:
    """Return `text` if it is an identifier beginning with `prefix`; raises `BadIdentifier`."""
    if len(text) > MAX_LENGTH or not _SHAPE.fullmatch(text):
        _refuse(text, what)
    if prefix and not text.startswith(prefix + "-"):
        why = Text(f"其开头不是 {prefix}-", f"it does not begin with {prefix}-")
        raise BadIdentifier(text=text, what=what, why=why)
    if text[-1] != check_character(text[:-2]):
        raise BadIdentifier(text=text, what=what, why=Text("校验字符不符", "the check character does not match"))
    return text


def from_seed(prefix: str, seed: bytes) -> str:
    """Return the identifier of kind `prefix` for 16 random bytes; the same seed gives the same identifier."""
    number = int.from_bytes(hashing.sha256(seed)[:10])
    payload = "".join(_RANDOM_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return complete(f"{prefix}-{payload[:8]}-{payload[8:]}")


def _refuse(text: str, what: str) -> str:
    raise BadIdentifier(text=text[:MAX_LENGTH], what=what, why=Text("格式不符", "its shape is wrong"))
