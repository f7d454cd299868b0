"""What can go wrong at a desk, and which exit code says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel.errors import (
    Forbidden,
    HallmarkError,
    Malformed,
    Missing,
    Refusal,
    Unavailable,
    Unverified,
)

NO, MALFORMED, UNVERIFIED, REFUSED, MISSING, FORBIDDEN, UNAVAILABLE, BROKEN, CANNOT_TELL = (1, *range(3, 11))
INTERRUPTED = 130

_BY_FAMILY: Mapping[type[HallmarkError], int] = {
    Malformed: MALFORMED,
    Unverified: UNVERIFIED,
    Refusal: REFUSED,
    Missing: MISSING,
    Forbidden: FORBIDDEN,
    Unavailable: UNAVAILABLE,
}
_BY_STATUS: Mapping[int, int] = {
    401: FORBIDDEN,
    403: FORBIDDEN,
    404: MISSING,
    405: REFUSED,
    408: UNAVAILABLE,
    409: REFUSED,
    422: UNVERIFIED,
    429: UNAVAILABLE,
    503: UNAVAILABLE,
}


class Answered(HallmarkError):
    """The server refused; its own words say why."""

    en = "{detail}"
    zh = "{detail}"

    @property
    def problem(self) -> dict[str, Any]:
        """The problem details as they came (RFC 9457)."""
        problem: dict[str, Any] = self.facts["problem"]  # type: ignore[assignment]  # set by the client
        return problem


class NotReachable(Unavailable):
    """No server answers."""

    en = "{server} does not answer: {why}. Check the address and the network."
    zh = "{server} 没有响应：{why}。请检查地址和网络。"


class NotOurServer(Unavailable):
    """What answers is not the API."""

    en = "{server} answers, but not as a Hallmark server ({status}). Check the address."
    zh = "{server} 有响应，但不是 Hallmark 服务器（{status}）。请核对地址。"


class NoServer(Missing):
    """Nobody said where the server is."""

    en = "No server is known. Name one with --server, or sign in with: hallmark login LOGIN --server URL"
    zh = "尚未指定服务器。请使用 --server 指定，或登录：hallmark login 登录名 --server 地址"


class BadServer(Malformed):
    """The address is no address of a server."""

    en = "{server} is not the address of a server. Write it as https://register.example"
    zh = "{server} 不是服务器地址。请写作 https://register.example"


class BadProfile(Malformed):
    """The file of settings cannot be read."""

    en = "The settings in {path} cannot be read: {why}. Correct the file, or remove it and sign in again."
    zh = "无法读取 {path} 中的设置：{why}。请更正该文件，或删除后重新登录。"


class BadKeyName(Malformed):
    """The text cannot name a key."""

    en = "{name} cannot name a key. Use 1 to 64 letters, digits, dots, hyphens and underscores."
    zh = "{name} 不能作为密钥名称。请使用 1 至 64 个字母、数字、点、连字符或下划线。"


class NoSuchKeyFile(Missing):
    """The profile has no key of that name."""

    en = "There is no key {name} in {folder} (there: {known}). Make one with: hallmark key create NAME"
    zh = "{folder} 中没有密钥 {name}（现有：{known}）。请创建：hallmark key create 名称"


class WhichKey(Malformed):
    """The profile has several keys, or none."""

    en = "Which key? The profile has: {known}. Name one with --key; make one with: hallmark key create NAME"
    zh = "使用哪个密钥？配置中现有：{known}。请用 --key 指定，或创建：hallmark key create 名称"


class LedgerUnnamed(Refusal):
    """A ledger that counts has an id of its own, in every signature for ever."""

    en = (
        "This ledger would be called {name} in every signature, for ever. Name it by HALLMARK_ENVIRONMENT, then found "
        "it; or found a ledger on which nothing counts, with --development."
    )
    zh = (
        "此账本将在每个签名中永久名为 {name}。请先以 HALLMARK_ENVIRONMENT 为其命名再创立；"
        "或以 --development 创立不具效力的账本。"
    )


class NoPassphrase(Malformed):
    """A passphrase is wanted where nobody can type one, or an empty one was given."""

    en = "A passphrase is wanted, and there is none. Type one at a terminal, or put it into HALLMARK_PASSPHRASE."
    zh = "须提供口令，但没有得到。请在终端中输入，或设置 HALLMARK_PASSPHRASE。"


class KeyFileExists(Refusal):
    """Keys are never overwritten."""

    en = "There is a key {name} already. Choose another name; a key is never overwritten."
    zh = "已有密钥 {name}。请另选名称；密钥不得覆盖。"


class OtherTrust(Refusal):
    """Whom to believe is not changed in passing."""

    en = (
        "{path} trusts another bundle ({before}) than this server's ({news}). Compare both with what the scheme owner "
        "printed; --follow goes on by what the members signed, --replace takes this server's, --profile keeps it "
        "elsewhere."
    )
    zh = (
        "{path} 已信任另一信任包（{before}），与此服务器的（{news}）不同。请与方案所有者公布的指纹核对；"
        "--follow 按成员签名更新，--replace 采用此服务器的，--profile 则另存。"
    )


class NoTrust(Missing):
    """Nobody said yet whom to believe."""

    en = "{path} is not there, so nothing can be checked. Fetch the trust bundle and compare it: hallmark trust"
    zh = "没有 {path}，因此无法核验。请获取信任包并核对指纹：hallmark trust"


class NotKept(Missing):
    """What was sealed is known to the profile that sealed it."""

    en = "This profile keeps no claim {claim} of entry {entry}: {path}. Use the profile that handed the entry in."
    zh = "此配置未保存第 {entry} 条的声明项 {claim}：{path}。请使用提交该条目的配置。"


class BadFile(Malformed):
    """A file cannot be read, or is not what is wanted."""

    en = "{path} cannot be used: {why}."
    zh = "无法使用 {path}：{why}。"


class BadArgument(Malformed):
    """An argument says nothing that can be used here."""

    en = "{argument} is wrong: {why}."
    zh = "{argument} 有误：{why}。"


class DraftDiffers(Unverified):
    """The server would have something else signed."""

    en = "What the server wants signed is not what it shows: {what} differs. Nothing was signed; tell the operator."
    zh = "服务器要求签署的内容与其所示不同：{what}不一致。未作任何签署，请告知运营方。"


class WhichOffice(Malformed):
    """The token acts for no organisation, or the issuer is another one."""

    en = "This token acts for {organisations}. Name the organisation with --issuer, or sign in for it."
    zh = "此令牌代表 {organisations}。请用 --issuer 指明机构，或为该机构登录。"


class NoAccess(Unavailable):
    """The machine does not let this program read or write."""

    en = "{path} cannot be read or written: {why}. Make room, or see to its rights, and try again."
    zh = "无法读写 {path}：{why}。请检查空间或权限后重试。"


class Fault(HallmarkError):
    """This program failed."""

    en = "A fault of this program ({why}). Nothing more was done; report it with the command you gave."
    zh = "程序出错（{why}）。未再继续，请连同所用命令一并报告。"


def exit_code(error: HallmarkError) -> int:
    """Return the exit code of an error: the server's by its status, ours by their family."""
    if isinstance(error, Answered):
        status = int(error.problem["status"])
        return _BY_STATUS.get(status, MALFORMED if status < 500 else BROKEN)
    return next((_BY_FAMILY[kind] for kind in type(error).__mro__ if kind in _BY_FAMILY), BROKEN)
