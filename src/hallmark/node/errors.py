"""What can go wrong between nodes, beside the breaches of the consortium's rules."""

from __future__ import annotations

from hallmark.kernel.errors import Forbidden, HallmarkError, Malformed, Missing, Refusal, Unavailable, Unverified


class BadRequest(Malformed):
    """The body is not what its path takes."""

    en = "This is not a body for this path: {why}. Send it as docs/spec/node.md says."
    zh = "该请求内容不符合此路径：{why}。请按 docs/spec/node.md 提交。"


class TooLarge(Malformed):
    """The body is larger than its path takes."""

    en = "The body has {size} bytes and at most {most} are taken. Send less at once."
    zh = "请求内容为 {size} 字节，至多接受 {most} 字节。请分次提交。"


class NotHttp(Malformed):
    """Nodes are asked by GET and POST of HTTP/1.1."""

    en = "This is no request that a node answers: {why}. Ask by GET or POST of HTTP/1.1, as docs/spec/node.md says."
    zh = "节点不答复该请求：{why}。请按 docs/spec/node.md 以 HTTP/1.1 的 GET 或 POST 提交。"


class NoLength(Malformed):
    """A body comes with its length."""

    en = "The request names no length of its body. Send Content-Length."
    zh = "请求未注明内容长度。请提供 Content-Length。"


class TooSlow(Unavailable):
    """The body did not arrive in time."""

    en = "The body did not arrive within {seconds} seconds. Send it again."
    zh = "请求内容未在 {seconds} 秒内到达。请重新提交。"


class NotHere(Missing):
    """The path or what it names is not there."""

    en = "There is no {what} here. Compare the path with docs/spec/node.md."
    zh = "此处没有{what}。请对照 docs/spec/node.md 核对路径。"


class Broken(HallmarkError):
    """The fault is the node's own."""

    en = "The node failed; nothing was signed. Its log says why."
    zh = "节点发生故障，未签署任何内容。原因见其日志。"


class OldSizeDiffers(Refusal):
    """The client's old size is not the size that this member witnessed last."""

    article = "C2SP tlog-witness"
    en = "This member witnessed {size} entries, not {old}. Begin from there."
    zh = "本成员已见证至 {size} 个条目，而非 {old} 个。请自该处开始。"


class TwoHeads(Refusal):
    """The sequencer signed two heads of one size: whoever holds both notes can prove it."""

    en = "The sequencer signed another head of {size} entries before. Both are kept as proof; close the epoch."
    zh = "定序者此前已签署另一个含 {size} 个条目的头。两者均已留存为证；请结束该纪元。"


class EntriesMissing(Refusal):
    """The entries between what this member holds and the checkpoint were not handed in."""

    en = "The checkpoint has {size} entries and {held} are held or handed in. Hand in the rest first."
    zh = "检查点含 {size} 个条目，已持有或已提交 {held} 个。请先提交其余条目。"


class ClockApart(Unavailable):
    """The told time is far from the member's own clock; it waits, and a quorum may overrule it."""

    en = "The time told, {told}, is more than {seconds} s from this node's clock, {clock}. Set the clocks right."
    zh = "所报时间 {told} 与本节点时钟 {clock} 相差超过 {seconds} 秒。请校准时钟。"


class StartNotStated(Refusal):
    """What comes first in an epoch is how it was started: votes before that would count for the epoch that is over."""

    en = "This is epoch {epoch}, and the ledger knows of epoch {stated}. Let the next head cover each start since."
    zh = "现为纪元 {epoch}，而账本仅至纪元 {stated}。请使下一个头包含其间各纪元的启动声明。"


class MessageNotTrusted(Forbidden):
    """Only the sequencer and the members speak to a node as such, for the moment and by their keys."""

    en = "The message of {sender} counts for nothing here: {why}. Sign it anew with the key of the present epoch."
    zh = "{sender} 的消息在此无效：{why}。请以本纪元的密钥重新签署。"


class TooFewCalls(Refusal):
    """One member cannot end an epoch."""

    en = "{calls} members call for the end of the epoch, and {needed} must. Ask their operators."
    zh = "{calls} 个成员要求结束纪元，须达 {needed} 个。请联系其运营方。"


class StoreInUse(Unavailable):
    """Two processes on one store would sign twice."""

    en = "Another process uses {path}. Stop it first; one store has one node."
    zh = "{path} 正被另一进程使用。请先停止该进程；一个存储只供一个节点使用。"


class StoreUnusable(Unavailable):
    """What cannot be stored is not signed."""

    en = (
        "The store at {path} cannot be used: {why}. Give it room and the node its rights; a damaged one is not to be "
        "replaced by an older copy: ask for a seat with new keys."
    )
    zh = "无法使用 {path} 处的存储：{why}。请释放空间并确保节点有权读写；如已损坏，不得换用旧副本，请以新密钥申请席位。"


class StoreLocked(Unavailable):
    """What sealed claims made is written under the node's sealing key."""

    en = "The record {record} was written under another sealing key. Restore the key, or ask for a seat with new ones."
    zh = "记录 {record} 以另一密封密钥写入。请恢复该密钥，或以新密钥申请席位。"


class NotJudged(Unavailable):
    """What is sealed is ordered only once a quorum of nodes would admit it."""

    en = "{admitting} nodes of members would admit what is sealed, and {quorum} must: {reasons}. Send it again later."
    zh = "仅 {admitting} 个成员节点可接纳所密封的内容，须达 {quorum} 个：{reasons}。请稍后重新提交。"


class WrongFolder(Malformed):
    """The files of a node do not make a node."""

    en = "{path} does not hold a node: {why}. Put right what is named."
    zh = "{path} 中的文件不构成节点：{why}。请按提示更正。"


class NotReached(Unavailable):
    """A node gave no answer that can be used."""

    en = "{node} gave no answer: {why}. Try again later."
    zh = "{node} 未给出可用答复：{why}。请稍后重试。"


class NotAgreedOn(Unavailable):
    """Whoever carries an epoch change learns from more than f nodes what the votes have made."""

    en = "Fewer than {needed} nodes tell alike what the votes up to {size} entries have made. Try again later."
    zh = "对前 {size} 个条目的投票结果给出相同答复的节点不足 {needed} 个。请稍后重试。"


class Refused(HallmarkError):
    """A node gave its reason."""

    en = "{node} refused: {detail}"
    zh = "{node} 拒绝：{detail}"


class WrongEntries(Unverified):
    """What a peer sent is not what a quorum certified."""

    en = "The entries that {node} sent are not those of the certified head: {why}. Fetch them from another member."
    zh = "{node} 所发条目与经认证的头不符：{why}。请改从其他成员获取。"


class NotFinal(Unavailable):
    """A head did not become final in time; it stays signed and stored, and can be offered again."""

    en = "The head of {size} entries is not final: {reasons}. Offer it again when a quorum is back."
    zh = "含 {size} 个条目的头尚未终局：{reasons}。待法定数量的成员恢复后再次提交。"


class EntriesLost(Unverified):
    """A store is without entries that a quorum witnessed: whoever signed a head over it would lie."""

    en = (
        "A quorum of members witnessed {size} entries, and what is stored here, {held}, does not begin with them. "
        "Bring the newest copy of the store back; no head is signed over this one."
    )
    zh = (
        "法定数量的成员已见证 {size} 个条目，而此处所存的 {held} 个并非以其开头。"
        "请恢复最新的存储副本；不会为当前存储签署任何头。"
    )


class NothingFinal(Unavailable):
    """No node shows a final ledger."""

    en = "No node shows entries that are final in epoch {epoch}. Try again when a quorum is back."
    zh = "没有节点出示纪元 {epoch} 中已终局的条目。待法定数量的成员恢复后重试。"


class NotOnLedger(Missing):
    """Members appraise what the ledger asks them to."""

    en = "This is no request for a seat that is final in epoch {epoch}. Take it from the ledger, once it is there."
    zh = "这不是已在纪元 {epoch} 终局的席位申请。请待其上账后从账本获取。"


class PolicyNotAgreed(Refusal):
    """The members agreed on another policy."""

    en = "The constitution names another appraisal policy than {policy}. Take the file from another member."
    zh = "章程所定的鉴定策略并非 {policy}。请向其他成员获取该文件。"


class WrongEvidence(Unverified):
    """The bytes are not the evidence that was asked for."""

    en = "This is not the evidence that the request names: {why}. Fetch it from another node."
    zh = "这不是申请所指的证据：{why}。请改从其他节点获取。"


class NonceNotGiven(Refusal):
    """The nonce is one that the ledger gave."""

    en = "The nonce is not the root of the first {size} entries before the request. Attest anew with a root that is."
    zh = "该随机数不是申请之前的前 {size} 个条目的根。请以这样的根重新证明。"


class EvidenceStale(Refusal):
    """Evidence counts for as long as the policy says."""

    en = "The evidence counts until {until}, and it was presented at {at}. Attest anew with the ledger's present root."
    zh = "证据有效至 {until}，而提交于 {at}。请以账本当前的根重新证明。"


class OtherFamily(Refusal):
    """A seat is of the family that its evidence shows."""

    en = "The evidence is of the family {shown}, the seat names {named}. Ask for a seat of the family you run on."
    zh = "证据属于 {shown} 系列，而席位注明 {named}。请按实际运行平台的系列申请席位。"
