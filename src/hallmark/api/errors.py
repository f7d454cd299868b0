"""What can be wrong with a request before any room hears of it."""

from __future__ import annotations

from hallmark.kernel.errors import HallmarkError, Malformed, Missing, Refusal


class BadBody(Malformed):
    """The body is not JSON as RFC 8259 and RFC 7493 want it."""

    article = "RFC 7493 section 2"
    en = "The body is not JSON that can be read in one way only: {why}. Correct it and send it again."
    zh = "请求体不是可唯一解读的 JSON：{why}。请更正后重新发送。"


class BadRequest(Malformed):
    """A parameter or a field of the body is missing, unknown or of another shape."""

    en = "The request is wrong: {faults}. The description of the API says what is wanted (openapi.json)."
    zh = "请求有误：{faults}。接口说明（openapi.json）中列有要求。"


class WrongMediaType(Malformed):
    """The body says that it is something else."""

    en = "The body is sent as {given}; {wanted} is wanted. Set the header Content-Type."
    zh = "请求体的类型为 {given}，应为 {wanted}。请设置 Content-Type 标头。"


class NoLength(Malformed):
    """A file without its length cannot be told from one that was cut off."""

    article = "RFC 9110 section 15.5.12"
    en = "The request does not say how long the file is. Set the header Content-Length."
    zh = "请求未说明文件长度。请设置 Content-Length 标头。"


class CutShort(Malformed):
    """Fewer bytes arrived than were announced."""

    en = "The body ended after {got} of {announced} bytes, and nothing was kept. Send it again."
    zh = "请求体在 {announced} 字节中的第 {got} 字节处中断，未保存任何内容。请重新发送。"


class TooSlow(Malformed):
    """The rest of the body did not come in time."""

    article = "RFC 9110 section 15.5.9"
    en = "The body came too slowly, and nothing was kept. Send it again over a faster line."
    zh = "请求体传输过慢，未保存任何内容。请通过更快的网络重新发送。"


class BodyTooLarge(Malformed):
    """The body is larger than what is read here."""

    article = "RFC 9110 section 15.5.14"
    en = "The body is larger than this server reads. Upload files as evidence, and send no more than is asked for."
    zh = "请求体超过本服务器读取的上限。请以证据方式上传文件，且仅发送所需内容。"


class WhichOrganisation(Malformed):
    """Somebody who acts for several organisations must say for which."""

    en = "You act for several organisations, or for none: {organisations}. Name one in `organisation`."
    zh = "您代表多个机构，或不代表任何机构：{organisations}。请在 organisation 中指明其一。"


class NoSuchPage(Missing):
    """The API has no such address."""

    en = "The API has nothing at this address. Its description lists what there is (openapi.json)."
    zh = "接口没有此地址。接口说明（openapi.json）中列有全部地址。"


class WrongMethod(Refusal):
    """The address is there, and takes another method."""

    article = "RFC 9110 section 15.5.6"
    en = "This address does not take {method}. The header Allow says which methods it takes."
    zh = "此地址不接受 {method} 方法。标头 Allow 列有可用方法。"


class NotServed(HallmarkError):
    """The server turned the request away before reading it."""

    en = "The server does not take this request ({status}). Check its address, host and headers."
    zh = "服务器不接受此请求（{status}）。请核对地址、主机名和标头。"


class Broken(HallmarkError):
    """A fault of this software; what it was is in the server's log, not in the answer."""

    en = "Something broke here; nothing was changed by it. Try again, and tell the operator if it comes back."
    zh = "服务器内部出错，未造成任何变更。请重试；如再次出现，请告知运营方。"
