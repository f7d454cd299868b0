"""What can go wrong while a node measures, attests, or opens its keys."""

from __future__ import annotations

from hallmark.kernel.errors import Malformed, Missing, Refusal, Unavailable, Unverified


class NotMeasurable(Malformed):
    """The installation holds something that is neither a plain file nor a folder."""

    en = (
        "The code cannot be measured: {path} is a link, a device or has a name that is not text. "
        "Install the release again, as plain files."
    )
    zh = "无法度量代码：{path} 是链接、设备，或其名称不是文本。请以普通文件方式重新安装该版本。"


class ProgramMissing(Unavailable):
    """A program that makes, runs or speaks to a TPM is not installed."""

    en = "A node cannot attest by a TPM here: {program} is not installed. Run: apt-get install {packages}"
    zh = "节点无法在此以 TPM 证明：未安装 {program}。请运行：apt-get install {packages}"


class NoTpm(Missing):
    """The folder holds no TPM."""

    en = "There is no TPM in {folder}, or what was there is gone. Have one made, and enrol and seal anew with it."
    zh = "{folder} 中没有 TPM，或其内容已丢失。请重新制作 TPM，并以其重新登记和封存。"


class TpmFailed(Unavailable):
    """A TPM program ended with an error."""

    en = "The TPM did not do {program}: {why}. Start the node again; if it stays so, give it a new TPM."
    zh = "TPM 未能执行 {program}：{why}。请重新启动节点；若仍失败，请更换 TPM。"


class NoDevice(Unavailable):
    """The machine lacks what evidence of the node's family comes from."""

    en = "This machine has no {device} that the node could attest by: {why}. Run the node on a machine that has."
    zh = "本机没有可供节点证明的 {device}：{why}。请在具备该设备的机器上运行节点。"


class NoAttester(Missing):
    """No program here collects evidence of the family."""

    en = (
        "Nothing here collects evidence of the family {family}. Put into the folder's file `family` the one that the "
        "node runs on: {known}."
    )
    zh = "此处没有为 {family} 系列采集证据的程序。请在文件夹的 `family` 文件中写明节点实际运行的系列：{known}。"


class WrongMachine(Refusal):
    """The kernel attests by another technology than the folder names."""

    en = "The folder says that the node runs on {named}, and this machine attests by {found}. Name in it what is true."
    zh = "文件夹注明节点运行于 {named}，而本机以 {found} 证明。请按实际情况注明。"


class NotReported(Unavailable):
    """The kernel made no report."""

    en = "The kernel gave no attestation report: {why}. Ask again; if it stays so, see the kernel's log, then the host."
    zh = "内核未给出证明报告：{why}。请重试；若仍失败，请先查内核日志，再查宿主机日志。"


class CollateralMissing(Missing):
    """Others could not verify the evidence."""

    en = (
        "Nobody could verify this node's evidence: its collateral lacks {what}. Put that into the folder `collateral`, "
        "as docs/guide/operator.md says."
    )
    zh = "他人无法验证本节点的证据：佐证材料中缺少{what}。请按 docs/guide/operator.md 将其放入 `collateral` 文件夹。"


class WithoutTpm(Refusal):
    """A node on a family whose evidence comes from no TPM."""

    en = (
        "A node on {family} has no TPM here: there is none to enrol, and none to seal keys in, so they lie open in "
        "{keys}. Keep that folder on a disk that this machine itself encrypts, by a key given only to a machine that "
        "attested: whoever reads the disk otherwise, its host above all, has the keys."
    )
    zh = (
        "运行于 {family} 的节点在此没有 TPM：无可登记，也无处封存密钥，故密钥以明文存于 {keys}。"
        "请将该文件夹置于由本机自行加密的磁盘上，且加密密钥只交付已通过证明的机器；否则能读取磁盘者（首先是宿主机）即掌握这些密钥。"
    )


class OtherState(Refusal):
    """What is sealed was sealed for other code or another constitution."""

    en = (
        "The TPM does not open what was sealed: it was sealed for other code or another constitution. "
        "Start the release and the constitution it was sealed for."
    )
    zh = "TPM 拒绝解封：内容封存于其他代码或其他章程之下。请启动封存时所用的版本和章程。"


class BadSeal(Malformed):
    """The bytes are nothing that was sealed, or were changed since."""

    en = "This is nothing that a TPM sealed: {why}. Take it from the node's own store again."
    zh = "这不是 TPM 封存的内容：{why}。请从节点自身的存储中重新读取。"


class UnknownMaker(Unverified):
    """No known maker of TPMs vouches for the endorsement key."""

    en = "No TPM maker known to this registrar certified the endorsement key. Use a TPM of a maker it knows."
    zh = "背书密钥未经本登记方已知的 TPM 制造商认证。请使用已知制造商的 TPM。"


class NotActivated(Unverified):
    """The challenge was not answered by the TPM that was challenged."""

    en = (
        "The answer to the challenge is wrong, so the attestation key is not shown to be in the TPM whose endorsement "
        "was handed in. Ask for a challenge again, from the node itself."
    )
    zh = "对质询的应答有误，不能证明证明密钥位于所提交背书的 TPM 之中。请由节点自身重新申请质询。"


class NoChallenge(Missing):
    """A challenge is answered once."""

    en = "There is no such challenge, or it was answered before. Ask the registrar for a new one, and answer that once."
    zh = "不存在该质询，或其已被应答。请向登记方重新申请质询，并仅应答一次。"


class NotCertified(Missing):
    """The registrar gave no such certificate."""

    en = "This registrar gave no such certificate. Ask the one that did."
    zh = "该证书并非由本登记方签发。请联系签发方。"


class NoRegistrar(Missing):
    """The folder holds no registrar."""

    en = "There is no registrar in {folder}. Found one there, or name its folder."
    zh = "{folder} 中没有登记方。请先在此设立，或指明其目录。"


class RegistrarExists(Refusal):
    """A registrar founded anew would forget what it certified and revoked."""

    en = "There is a registrar in {folder} already. Use it, or found another in an empty folder."
    zh = "{folder} 中已有登记方。请直接使用，或在空目录中另行设立。"
