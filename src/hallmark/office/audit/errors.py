"""What can go wrong with an audit and its pack. Needs no server: whoever fills in a pack is told the same."""

from __future__ import annotations

from hallmark.kernel.errors import Forbidden, Malformed, Missing, Refusal, Unverified


class NoSuchAudit(Missing):
    """There is no such audit, or it is not your body's."""

    en = "There is no audit {audit} that you may see. Check the identifier."
    zh = "没有您可以查看的审核 {audit}。请核对编号。"


class NotOfTheTeam(Forbidden):
    """The body has planned others for this audit."""

    article = "ISO/IEC 17065:2012 7.3.2"
    en = "{person} is not planned as auditor of {case}. Let a member of the team do it, or plan the evaluation again."
    zh = "{person} 未被安排为案件 {case} 的审核员。请由审核组成员办理，或重新安排评价。"


class NoAudit(Refusal):
    """This case is not audited now."""

    en = "{case} cannot be audited: {why}."
    zh = "案件 {case} 不能进行审核：{why}。"


class ItemUnknown(Refusal):
    """The item is not on the checklist."""

    en = "{items} is not on the checklist of this case. Use the identifiers of the checklist."
    zh = "{items} 不在本案检查表中。请使用检查表中的编号。"


class FindingsConflict(Refusal):
    """Two auditors found different things."""

    en = "Two auditors disagree: {findings}. Agree, and let one of the findings be changed; nothing was taken over."
    zh = "两位审核员结论不一致：{findings}。请协商后修改其一；本次未导入任何内容。"


class PhotosMissing(Missing):
    """Photos are named that nobody has brought."""

    en = (
        "These photos are named and were not brought: {photos}. Upload the files to the case, then take the pack again."
    )
    zh = "所列照片尚未上传：{photos}。请先将文件上传至本案，再导入审核包。"


class ItemsOpen(Refusal):
    """Mandatory items have no finding."""

    article = "Regulation on Certification and Accreditation art. 21"
    en = "These items have no finding yet: {items}. Record one for each, then draw up the report."
    zh = "下列项目尚无结论：{items}。请逐项记录后再出具报告。"


class NonconformityWanted(Refusal):
    """A mandatory item is nonconforming, and no nonconformity says so."""

    article = "ISO/IEC 17065:2012 7.4.6"
    en = "These items do not conform and have no nonconformity: {items}. Draft one for each."
    zh = "下列项目不符合但未提出不符合项：{items}。请逐项提出。"


class AuditReported(Refusal):
    """The report of this audit is on the ledger."""

    en = "Audit {audit} was reported as entry {entry}. Open another audit of the case for more."
    zh = "审核 {audit} 已作为第 {entry} 条记入账本。如需补充，请另行开启审核。"


class BadPack(Malformed):
    """The bytes are no audit pack."""

    en = "This is not an audit pack: {why}. Correct the place named, or export the pack again and fill that one in."
    zh = "这不是有效的审核包：{why}。请更正所指之处，或重新导出后填写。"


class NotFilledIn(Malformed):
    """Nobody has closed the pack."""

    en = "The pack is not filled in completely: {why}. Complete it, then bring it back."
    zh = "审核包尚未填写完整：{why}。请补全后再导入。"


class AnotherEnvironment(Unverified):
    """The pack belongs to another ledger."""

    en = "The pack was made for the environment {given}, and this is {here}. Take it back to where it came from."
    zh = "该审核包属于环境 {given}，而此处为 {here}。请在原环境导入。"


class AnotherCase(Unverified):
    """The pack belongs to another audit."""

    en = "The pack is for audit {given}, and this is {here}. Open the audit that it is for."
    zh = "该审核包属于审核 {given}，而此处为 {here}。请打开相应的审核。"


class AnotherEdition(Unverified):
    """The pack was made under another edition of the scheme."""

    en = "The pack is of edition {given}; the case stands under {here}. Export the pack again."
    zh = "该审核包依据版本 {given}，而本案适用 {here}。请重新导出。"


class ChecklistChanged(Unverified):
    """The checklist in the pack is not that of the case."""

    en = "The checklist in the pack is not that of the case: {items}. Only findings may be filled in."
    zh = "审核包中的检查表与本案不符：{items}。只能填写结论，不得改动检查表。"


class PackChanged(Unverified):
    """Something in the pack is not as it was handed out."""

    en = "The pack is not one that was handed out here for this audit, or was changed since. Export it again."
    zh = "该审核包并非此处为本次审核所导出，或导出后被改动。请重新导出。"


class NotSigned(Unverified):
    """Nobody vouches for the pack."""

    en = "The pack carries no signature of the body. Have it exported where that key is, or ask who gave it to you."
    zh = "该审核包没有机构签名。请在机构密钥所在处导出，或向提供者核实。"


class FieldworkTooOld(Refusal):
    """What was filled in offline is older than a statement may be."""

    en = (
        "The pack was closed at {made}, more than {days} days ago. Look through the findings and record them here anew."
    )
    zh = "该审核包于 {made} 完成，已超过 {days} 天。请核对后在此重新记录。"


class FieldworkFromTheFuture(Refusal):
    """The clock with which the pack was closed runs ahead."""

    en = "The pack was closed at {made}, which is after now ({now}). Set that clock right and close the pack again."
    zh = "该审核包完成时间 {made} 晚于现在（{now}）。请校准时钟后重新完成。"
