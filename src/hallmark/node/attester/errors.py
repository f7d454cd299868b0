"""What can go wrong while a development node measures, attests, or opens its keys."""

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
    """A program of the software TPM is not installed."""

    en = "A development node cannot attest here: {program} is not installed. Run: apt-get install {packages}"
    zh = "开发节点无法在此证明：未安装 {program}。请运行：apt-get install {packages}"


class NoTpm(Missing):
    """The folder holds no TPM."""

    en = "There is no TPM in {folder}, or what was there is gone. Have one made, and enrol and seal anew with it."
    zh = "{folder} 中没有 TPM，或其内容已丢失。请重新制作 TPM，并以其重新登记和封存。"


class TpmFailed(Unavailable):
    """A TPM program ended with an error."""

    en = "The software TPM did not do {program}: {why}. Start the node again; if it stays so, give it a new TPM."
    zh = "软件 TPM 未能执行 {program}：{why}。请重新启动节点；若仍失败，请更换 TPM。"


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
