"""Status lists of W3C Bitstring Status List 1.0: one bit for each certificate, one list for each purpose.

`revocation` is set for what was withdrawn or cancelled and never unset; `suspension` while a suspension lasts. Bit 0 is
the left-most. A list has 131,072 bits, so a position names a list and an index in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from hallmark.certificate.jose import MULTIBASE_BASE64URL, from_base64url, to_base64url
from hallmark.certificate.status import Status
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

LENGTH = 131_072  # bits; the least that the recommendation allows, 16 kB
REVOCATION, SUSPENSION = PURPOSES = ("revocation", "suspension")
_BYTES = LENGTH // 8
_GZIP = 16 + zlib.MAX_WBITS
_MOST_ENCODED = 64 * 1024  # characters; random bits take 21,900
_PURPOSE = {
    Status.WITHDRAWN: REVOCATION,
    Status.CANCELLED: REVOCATION,
    Status.SUSPENDED: SUSPENSION,
}


class BadStatusList(Malformed):
    """The text is not the bits of a status list, or the index lies outside."""

    article = "W3C Bitstring Status List 1.0 section 3"
    en = "This is not a status list: {why}. Fetch the list again."
    zh = "这不是有效的状态列表：{why}。请重新获取该列表。"


def purpose_of(status: Status) -> str | None:
    """Return the purpose of the list in which `status` is set, or None."""
    return _PURPOSE.get(status)


def encode(indexes: Iterable[int]) -> str:
    """Return the `encodedList` in which the bits at `indexes` are set; raises `BadStatusList`."""
    bits = bytearray(_BYTES)
    for index in indexes:
        _check(index)
        bits[index >> 3] |= 0x80 >> (index & 7)
    deflater = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return MULTIBASE_BASE64URL + to_base64url(deflater.compress(bits) + deflater.flush())


def is_set(encoded: str, index: int) -> bool:
    """Return the bit at `index` of an `encodedList`; raises `BadStatusList`."""
    _check(index)
    compressed = from_base64url(encoded[1:]) if encoded[:1] == MULTIBASE_BASE64URL else None
    if compressed is None or len(encoded) > _MOST_ENCODED:
        raise BadStatusList(why=Text("它不是 u 开头的 base64url", "it is not base64url behind the letter u"))
    inflater = zlib.decompressobj(_GZIP)
    try:
        bits = inflater.decompress(compressed, _BYTES + 1)
    except zlib.error:
        raise BadStatusList(why=Text("压缩数据有误", "its compressed bytes are damaged")) from None
    if len(bits) != _BYTES or not inflater.eof or inflater.unused_data:
        raise BadStatusList(why=Text(f"它不是恰好 {LENGTH} 位", f"it does not hold exactly {LENGTH} bits"))
    return bool(bits[index >> 3] & 0x80 >> (index & 7))


def _check(index: int) -> None:
    if not 0 <= index < LENGTH:
        raise BadStatusList(why=Text(f"没有位置 {index}", f"there is no index {index}"))
