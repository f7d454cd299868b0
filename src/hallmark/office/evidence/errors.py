"""What can go wrong with a piece of evidence."""

from __future__ import annotations

from hallmark.kernel.errors import Forbidden, Malformed, Missing, Refusal, Unverified


class BadAddress(Malformed):
    """The text is no address of an object."""

    en = "{address} is not the address of evidence. An address is 64 digits of lower-case hexadecimal."
    zh = "{address} 不是证据地址。地址为 64 位小写十六进制数字。"


class BadMediaType(Malformed):
    """The text is no media type."""

    article = "RFC 6838 section 4.2"
    en = "{media_type} is not a media type. Write it as type/subtype, such as application/pdf."
    zh = "{media_type} 不是媒体类型。请写作“类型/子类型”，例如 application/pdf。"


class NoSuchEvidence(Missing):
    """No object has this address, or it is not for this reader."""

    en = "There is no evidence {address} that you may read. Check the address, or ask its owner to share it."
    zh = "没有您可以读取的证据 {address}。请核对地址，或请其所有者共享。"


class Erased(Missing):
    """The data key was destroyed."""

    en = "The content of evidence {address} was erased. Its address and size remain; the content is gone for good."
    zh = "证据 {address} 的内容已被清除。仅保留其地址和大小，内容无法恢复。"


class Damaged(Unverified):
    """The stored bytes are not those that were stored."""

    en = "Evidence {address} is damaged: {why}. Do not rely on it; restore the object from a copy."
    zh = "证据 {address} 已损坏：{why}。请勿信赖，并从副本恢复该对象。"


class TooLarge(Refusal):
    """The content is larger than this server accepts."""

    en = "The file is larger than the {limit} bytes that this server accepts. Split it, or ask the operator."
    zh = "文件超过本服务器接受的 {limit} 字节上限。请拆分文件或联系运营方。"


class OtherContent(Refusal):
    """A statement names the content of evidence, so that a reader can check it."""

    en = "Evidence {address} is another file than the statement says. Bring the file again and name what you are given."
    zh = "证据 {address} 与声明所述文件不符。请重新提交文件，并按返回内容引用。"


class NotShared(Refusal):
    """Whoever is to sign a file must be able to read it."""

    en = "{reader} may not read evidence {address} yet, and is to sign it. Share it with that organisation first."
    zh = "{reader} 须签署证据 {address}，但尚无权读取。请先向该机构共享。"


class NotTheOwner(Forbidden):
    """Only the owner of evidence decides who reads it, and when it is erased."""

    en = "Evidence {address} is not yours to share or to erase: it belongs to {owner}. Ask that organisation."
    zh = "证据 {address} 不由您共享或销毁：它属于 {owner}。请联系该机构。"
