"""What can go wrong in front of a visitor."""

from __future__ import annotations

from hallmark.kernel.errors import HallmarkError, Malformed, Missing, Unavailable


class OutOfReach(Unavailable):
    """The database is locked, or gone."""

    en = (
        "The register's database is out of reach, so this cannot be shown now. Nothing is wrong with what you asked "
        "for. Try again in {seconds} seconds."
    )
    zh = "登记簿的数据库暂时无法访问，因此无法显示；您的请求本身没有问题。请在 {seconds} 秒后重试。"


class Broken(HallmarkError):
    """The fault is the server's own."""

    en = "The server failed to make this page, through no fault of yours. Its log says why; tell the operator."
    zh = "服务器未能生成此页面，并非您的操作所致。原因见其日志，请告知运营方。"


class NotCheckedHere(Unavailable):
    """The verdict hangs on a signature that this browser has no means to check."""

    en = (
        "This browser cannot check {algorithm} signatures, and the verdict hangs on one. Nothing is known to be wrong. "
        "Use a current browser, or hallmark-verify."
    )
    zh = "本浏览器无法验证 {algorithm} 签名，而结论取决于此；并未发现任何问题。请使用新版浏览器或 hallmark-verify。"


class NotATile(Missing):
    """The log publishes no file of that name."""

    en = "The log publishes no file {path}. It has a checkpoint, tiles and entry bundles, as c2sp.org/tlog-tiles says."
    zh = "日志不公布文件 {path}。其文件为检查点、瓦片与条目包，见 c2sp.org/tlog-tiles。"


class NotNamed(Missing):
    """No credential of this register names that."""

    en = "This register knows no {name}. Take the address from the credential as it stands there."
    zh = "本登记簿没有 {name}。请原样采用凭证中的地址。"


class NotAQuestion(Malformed):
    """A field of a search means nothing."""

    en = "{field} cannot be {value}. Choose one of those offered."
    zh = "{field}不能为 {value}。请从所列选项中选择。"
