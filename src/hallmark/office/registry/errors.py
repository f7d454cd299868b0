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


class InTheRegister(Refusal):
    """What is there cannot be shown to be absent."""

    en = "The register has certificate {number}, so nothing shows that it has not. Look at the certificate."
    zh = "登记簿中有证书 {number}，因此不存在其缺失的证明。请查看该证书。"


class NoSuchCase(Missing):
    """There is no such case, or it is not yours to see."""

    en = "There is no case {case} that you may see. Check the identifier."
    zh = "没有您可以查看的案件 {case}。请核对编号。"


class NoSuchClaim(Missing):
    """The entry hides no claim of that name, or it is not disclosed here."""

    en = "Entry {index} has no hidden claim {claim} that is disclosed here. See the case's entries for their claims."
    zh = "第 {index} 条没有在此披露的隐藏声明项 {claim}。请查看案件各条目的声明项。"


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


class LedgerDiffers(Unavailable):
    """What a quorum confirmed is not what is ordered here: the database is an older copy, or lost what it had."""

    en = (
        "A quorum of nodes confirmed {size} entries, and this database does not hold them: it is an older copy, or "
        "lost what it acknowledged. Nothing that is sent here now becomes final. Stop the server and bring the newest "
        "copy of the database back; docs/guide/operator.md says what to do where there is none."
    )
    zh = (
        "法定数量的节点已确认 {size} 个条目，而此数据库并未持有：它是旧副本，或丢失了已确认的内容。"
        "现在提交的内容不会终局。请停止服务器并恢复最新的数据库副本；如无此副本，请见 docs/guide/operator.md。"
    )


class TooMuchWaits(Unavailable):
    """More would wait for the nodes than they take at once."""

    en = (
        "{size} bytes would wait until the nodes make them final, and {most} may. Your statement has no place on the "
        "ledger. Send it again when a quorum of nodes answers, or fewer at once."
    )
    zh = (
        "将有 {size} 字节等待各节点使其终局，上限为 {most}。您的声明尚未排入账本。"
        "请待法定数量的节点恢复应答后重新提交，或分次提交。"
    )


class NotFinalYet(Unavailable):
    """A statement has its place, and too few nodes have confirmed it so far."""

    en = (
        "Your statement has its place on the ledger, entry {index}, but the nodes have not made it final: {reasons}. "
        "Do not send it again: it is offered to them until a quorum confirms it."
    )
    zh = (
        "您的声明已排入账本第 {index} 条，但各节点尚未使其终局：{reasons}。"
        "请勿重复提交：系统将持续提交，直至达到法定数量的节点确认。"
    )


class GivenUp(Unavailable):
    """A new epoch began without the statement."""

    en = "The members began a new epoch, and your statement is not in the ledger that they agreed on. Submit it again."
    zh = "成员已开始新纪元，其商定的账本不含您的声明。请重新提交。"


class NodesUnknown(Unavailable):
    """Where the consortium's nodes are is not known here."""

    en = "A consortium keeps this ledger, and its nodes cannot be reached: {why} See HALLMARK_NODES."
    zh = "本账本由联盟保管，但无法找到其节点：{why}请检查 HALLMARK_NODES。"


class NotTheSequencer(Unavailable):
    """The constitution names another sequencer's key."""

    en = "The constitution of epoch {epoch} names another sequencer's key. Order entries where that key is."
    zh = "纪元 {epoch} 的章程所载定序者密钥并非此处密钥。请在持有该密钥之处定序。"


class StatusNotStated(Unavailable):
    """The status was not stated since the certificate was issued."""

    en = "The status of {number} is new and has not been stated yet. A worker does so within a minute or so; ask again."
    zh = "证书 {number} 的状态尚未公布。工作进程通常在一分钟左右公布，请稍后再查。"


class StatusNeverStated(Unavailable):
    """No status was stated yet, or what the database says is not what was stated."""

    en = "The status of the register has not been stated yet. It is within the hour; ask again then."
    zh = "登记簿状态尚未公布。将在一小时内公布，请届时再查。"


class NoSuchStatusList(Missing):
    """The body has no such list."""

    en = "{body} has no status list {number} for {purpose}. Take the address from the credential as it stands there."
    zh = "{body} 没有编号为 {number} 的 {purpose} 状态列表。请原样采用凭证中的地址。"


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
