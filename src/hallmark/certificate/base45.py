"""Base45 (RFC 9285): bytes in the 45 characters that a QR code's alphanumeric mode packs best."""

from __future__ import annotations

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


class BadBase45(Malformed):
    """The text is not Base45."""

    article = "RFC 9285 section 4"
    en = "The code is not Base45: {why}. Scan it again, in good light."
    zh = "该码不是 Base45：{why}。请在光线良好处重新扫描。"


def encode(data: bytes) -> str:
    """Return `data` in Base45: three characters for two bytes, two for a last single one."""
    characters: list[str] = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            characters.append(ALPHABET[digit])
    return "".join(characters)


def decode(text: str) -> bytes:
    """Return the bytes whose one Base45 spelling is `text`; raises `BadBase45`."""
    if len(text) % 3 == 1:
        raise BadBase45(why=Text("结尾多出一个字符", "one character is left over at its end"))
    try:
        digits = [_VALUES[character] for character in text]
    except KeyError as error:
        which = ascii(error.args[0])
        raise BadBase45(why=Text(f"含有非法字符 {which}", f"it holds the character {which}")) from None
    data = bytearray()
    for at in range(0, len(digits), 3):
        group = digits[at : at + 3]
        number = sum(digit * 45**place for place, digit in enumerate(group))
        size = len(group) - 1
        if number >> 8 * size:
            raise BadBase45(why=Text("有一组超出范围", "a group of characters is out of range"))
        data += number.to_bytes(size)
    return bytes(data)
