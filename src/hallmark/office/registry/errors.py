"""What can go wrong with the ledger of this server."""

from __future__ import annotations

from hallmark.kernel.errors import Missing, Refusal, Unavailable, Unverified


class NoSuchEntry(Missing):
    """The log has no entry of that index."""

    en = "The log has no entry {index}; it holds {size}. Ask for a lower number."
    zh = "日志中没有第 {index} 条；现有 {size} 条。请查询更小的序号。"


class NoSuchCertificate(Missing):
    """The register has no certificate of that number."""

    en = "The register has no certificate {number}. Compare the number with the certificate, letter by letter."
    zh = "登记簿中没有证书 {number}。请与证书逐字核对编号。"


class NoSuchCase(Missing):
    """There is no such case, or it is not yours to see."""

    en = "There is no case {case} that you may see. Check the identifier."
    zh = "没有您可以查看的案件 {case}。请核对编号。"


class TimeOnlyTold(Refusal):
    """Only the sequencer tells the time."""

    en = "time.told is made by the sequencer itself. Leave it out."
    zh = "报时由定序者自行作出。请去除该声明。"


class ClockBehind(Unavailable):
    """The server's clock is not later than the last time told."""

    en = "The server's clock ({clock}) is not later than the last time told ({told}). Set the clock right."
    zh = "服务器时钟（{clock}）不晚于最近报时（{told}）。请校准时钟。"


class LedgerBusy(Unavailable):
    """The database did not take the entries in time."""

    en = "The ledger is busy, or its database out of reach. Try again: a statement sent twice is admitted once."
    zh = "账本繁忙，或数据库无法访问。请重试：同一声明无论提交几次只记入一次。"


class StatusNotStated(Unavailable):
    """The status was not stated since the certificate was issued."""

    en = "The status of {number} is new and has not been stated yet. It is within some minutes; ask again then."
    zh = "证书 {number} 的状态尚未公布。将在数分钟内公布，请届时再查。"


class ReplayDiffers(Unverified):
    """What the database says is not what the ledger gives."""

    en = "The database was changed behind the ledger: {what}. Rebuild it, and find out who changed it."
    zh = "数据库被绕过账本修改：{what}。请重建，并查明修改者。"


class NoSuchDraft(Missing):
    """There is no such draft, or it is not yours."""

    en = "There is no draft {draft} that you may see. Prepare the statement again."
    zh = "没有您可以查看的草稿 {draft}。请重新准备声明。"


class DraftSubmitted(Refusal):
    """The draft is on the ledger."""

    en = "Draft {draft} is on the ledger as entry {entry}. There is nothing to do."
    zh = "草稿 {draft} 已作为第 {entry} 条记入账本，无需再办。"


class ApprovedTwice(Refusal):
    """The function has approved the draft."""

    en = "Draft {draft} is approved as {function} already. Submit it, or prepare it again."
    zh = "草稿 {draft} 已由 {function} 批准。请提交，或重新准备。"


class KeyElsewhere(Refusal):
    """The organisation holds its own key."""

    en = "{organisation} holds its own key, so this server cannot sign for it. Sign the draft where the key is."
    zh = "{organisation} 自行保管密钥，服务器不能代签。请在密钥所在处签署草稿。"


class AnotherDraft(Refusal):
    """The signed statement is not the draft."""

    en = "The signed statement is not what draft {draft} holds. Sign exactly the bytes that were prepared."
    zh = "所签声明与草稿 {draft} 内容不同。请原样签署所准备的内容。"
