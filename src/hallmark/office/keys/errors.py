"""What can go wrong with a key that this server holds."""

from __future__ import annotations

from hallmark.kernel.errors import Malformed, Missing, Refusal, Unavailable, Unverified


class BadName(Malformed):
    """The text cannot name a key."""

    en = "{name} cannot name a key. Use 1 to 96 letters, digits, dots and hyphens, beginning with a letter or digit."
    zh = "{name} 不能作为密钥名称。请使用 1 至 96 个字母、数字、点和连字符，并以字母或数字开头。"


class NoSuchKey(Missing):
    """No key of that name is held here."""

    en = "This server holds no key {name}. Create it, or mount the folder of keys."
    zh = "本服务器没有密钥 {name}。请创建该密钥，或挂载密钥目录。"


class KeyExists(Refusal):
    """A key of that name is held already; keys are never overwritten."""

    en = "This server holds a key {name} already. Choose another name; a key is never overwritten."
    zh = "本服务器已有密钥 {name}。请另选名称；密钥不得覆盖。"


class ExposedKey(Unavailable):
    """The file system lets others read the key."""

    en = "The key in {path} is not used: other users of the machine may read it. Take their rights away (chmod go-rwx)."
    zh = "未使用 {path} 中的密钥：本机其他用户可以读取。请收回其权限（chmod go-rwx）。"


class CannotUnwrap(Unverified):
    """The wrapped secret was not made here, for this context."""

    en = "The wrapped secret does not open: {why}. Restore the folder of keys that belongs to this data."
    zh = "封装的密钥材料无法打开：{why}。请恢复与这些数据对应的密钥目录。"
