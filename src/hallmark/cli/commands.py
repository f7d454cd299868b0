"""All commands, as data."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.cli import acts, monitoring
from hallmark.cli.grammar import Command, option
from hallmark.kernel.text import Text

GROUPS: Mapping[str, Text] = {
    "second-factor": Text("第二验证因素", "the second factor"),
    "token": Text("访问令牌", "tokens for programs"),
    "key": Text("本人密钥", "your keys"),
    "organisation": Text("机构", "organisations"),
    "person": Text("人员", "persons"),
    "member": Text("机构成员", "members of an organisation"),
    "case": Text("案件", "cases"),
    "evidence": Text("证据", "evidence"),
    "run": Text("实验室检测", "tests by a laboratory's kit"),
    "job": Text("后台任务", "jobs of the server's worker"),
    "register": Text("公开登记簿", "the public register"),
    "nonconformity": Text("不符合项", "nonconformities"),
    "money": Text("货币与支付", "money and payments"),
    "operate": Text("运行服务器", "run a server"),
    "node": Text("运行联盟节点", "run a consortium's node"),
}

_ROLES = ("owner", "applicant", "body", "laboratory", "jurisdiction")
_KIND = option("kind", "声明类型", "the kind of statement")
_SUBJECT = option("subject", "主体编号", "what it is about", nargs="?")
_CLAIMS = option(
    "--claims", "声明项（JSON 文件，- 为标准输入）", "the claims: JSON file, - for standard input", required=True
)
_ISSUER = option("--issuer", "以哪个机构的名义", "the organisation that issues it")
_DRAFT = option("draft_id", "草稿编号", "the draft", metavar="draft")
_KEY = option("--key", "密钥名", "name of the key")
_SIGN_WITH = option("--sign-with", "机构密钥名（服务器不托管时）", "name of the organisation's key, if not hosted")
_DAYS = option("--days", "有效天数", "days until it ends", type=int, default=30)
_ORGANISATION = option("--organisation", "机构编号", "the organisation")
_CASE = acts.CASE
_ADDRESS = option("address", "证据地址", "the address of the evidence")
_RUN = option("run_id", "检测编号", "the run", metavar="run")
_JOB = option("job", "任务编号", "the job", type=int)
_SCHEME = option("--scheme", "方案", "the scheme", default="cfp")
_LEVEL = option("--level", "级别", "the level", default="")
_OUTPUT = option("--output", "写入的文件，- 为标准输出", "the file to write, - for standard output")
_MANY = {"action": "append", "default": []}

COMMANDS: tuple[Command, ...] = (
    Command(
        "login",
        Text("登录，令牌保存在配置目录", "sign in; the token is kept in the profile"),
        "session:login",
        (
            option("login", "登录名", "the login"),
            option("--code", "验证码", "the code of the second factor"),
            _ORGANISATION,
            _DAYS,
        ),
    ),
    Command("logout", Text("退出并作废令牌", "end the token"), "session:logout"),
    Command("me", Text("当前身份", "who you are here"), "session:me"),
    Command(
        "accept-invitation",
        Text("接受邀请并设定密码", "choose a password with an invitation's code"),
        "session:accept",
        (option("code", "邀请码", "the code"),),
    ),
    Command("password", Text("更改密码", "change your password"), "session:change_password"),
    Command(
        "second-factor add",
        Text("启用验证码", "have signing in ask for a code as well"),
        "session:add_second_factor",
    ),
    Command(
        "second-factor remove",
        Text("停用验证码", "have signing in ask for no code any more"),
        "session:remove_second_factor",
    ),
    Command("token list", Text("列出令牌", "list your tokens"), "session:list_tokens"),
    Command(
        "token create",
        Text("创建令牌", "make a token"),
        "session:create_token",
        (
            option("name", "名称", "a name"),
            option(
                "--scope",
                "权限范围，可重复，默认 read",
                "its scope, repeatable, read if left out",
                action="append",
                choices=("read", "write", "manage"),
            ),
            _DAYS,
        ),
    ),
    Command(
        "token revoke",
        Text("作废令牌", "end a token"),
        "session:revoke_token",
        (option("prefix", "令牌前缀", "its prefix"),),
    ),
    Command(
        "key create",
        Text("创建密钥", "make a key"),
        "keys:create",
        (
            option("name", "名称", "a name"),
            option("--algorithm", "算法", "the algorithm", choices=("ed25519", "p256", "ml-dsa-44"), default="ed25519"),
            option("--passphrase", "以口令加密", "encrypt it with a passphrase", action="store_true"),
        ),
    ),
    Command(
        "key show",
        Text("显示公钥", "show public keys"),
        "keys:show",
        (option("name", "名称", "its name", nargs="?"),),
    ),
    Command(
        "key enrol",
        Text("登记为批准所用的密钥", "enrol it as the key to approve with"),
        "keys:enrol",
        (
            option("name", "名称", "its name", nargs="?"),
            option("--person", "人员编号（登记员代办）", "the person, if a registrar does it"),
        ),
    ),
    Command(
        "organisation list",
        Text("列出机构", "list organisations"),
        "people:list_organisations",
        (option("--role", "类别", "the role", choices=_ROLES),),
    ),
    Command(
        "organisation register",
        Text("登记机构", "register an organisation"),
        "people:register_organisation",
        (
            option("role", "类别", "its role", choices=_ROLES),
            option("--name-zh", "中文名", "Chinese name", required=True),
            option("--name-en", "英文名", "English name", required=True),
            option("--address", "地址", "address", required=True),
            option("--code", "机构代码（写入证书编号）", "code in certificate numbers", default=""),
            _KEY,
        ),
    ),
    Command(
        "person enrol",
        Text("登记人员", "enrol a natural person"),
        "people:enrol_person",
        (
            option("--name", "姓名", "name", required=True),
            option("--registration", "登记号码", "registration number", required=True),
        ),
    ),
    Command(
        "person erase",
        Text("销毁人员身份信息", "erase who a person is; for registrars"),
        "people:erase_person",
        (option("person", "人员编号", "the person"),),
    ),
    Command("member list", Text("列出成员", "list the members"), "people:list_members", (_ORGANISATION,)),
    Command(
        "member set",
        Text("指定成员职能", "say what a person does for an organisation"),
        "people:set_member",
        (
            option("person", "人员编号", "the person"),
            option("--function", "职能，可重复", "a function, repeatable", **_MANY),
            _ORGANISATION,
        ),
    ),
    Command(
        "member invite",
        Text("邀请成员登录", "let a member sign in"),
        "people:invite",
        (option("person", "人员编号", "the person"), option("login", "登录名", "the login"), _ORGANISATION),
    ),
    Command(
        "kinds",
        Text("声明类型及其声明项", "the kinds of statement and their claims"),
        "statements:show_kinds",
        (option("kind", "声明类型", "one kind", nargs="?"),),
    ),
    Command(
        "prepare",
        Text("准备任意类型的声明草稿", "prepare a draft of any kind"),
        "statements:prepare",
        (_KIND, _SUBJECT, _CLAIMS, _ISSUER),
    ),
    Command("draft", Text("显示草稿", "show a draft"), "statements:show_draft", (_DRAFT,)),
    Command(
        "approve",
        Text("批准草稿", "approve a draft"),
        "statements:approve",
        (_DRAFT, option("--function", "职能", "the function"), _KEY, _ISSUER),
    ),
    Command("submit", Text("提交草稿", "let a draft happen"), "statements:submit", (_DRAFT, _SIGN_WITH)),
    Command(
        "act",
        Text("准备、批准并提交任意类型的声明", "prepare, approve and submit a statement of any kind"),
        "statements:act",
        (_KIND, _SUBJECT, _CLAIMS, *acts.SIGNING),
    ),
    Command(
        "hand-in",
        Text("提交节点运营人写出的声明文件", "let a statement happen that a node's operator wrote to a file"),
        "statements:hand_in",
        (option("file", "声明或草稿的文件", "the file with the statement or draft"), *acts.SIGNING),
    ),
    *acts.COMMANDS,
    Command(
        "money notes",
        Text("列出在此密封的支付所产生的币串", "list the notes that confidential payments sealed here make"),
        "confidential:list_notes",
    ),
    Command(
        "money disclose",
        Text("出示保密支付的一项内容供他人核验", "make one claim of a confidential payment a file that proves it"),
        "confidential:disclose",
        (option("entry", "条目序号", "the entry", type=int), option("claim", "声明项", "the claim"), _OUTPUT),
    ),
    Command("case list", Text("列出案件", "list your cases"), "cases:list_cases"),
    Command("case show", Text("显示案件", "show a case"), "cases:show", (_CASE,)),
    Command("case files", Text("案件所引用的文件", "the files that a case names"), "cases:files", (_CASE,)),
    Command(
        "case disclose",
        Text(
            "下载一项声明内容供他人核验", "download one claim of an entry, to show to somebody who may not see the rest"
        ),
        "cases:disclose",
        (_CASE, option("entry", "条目序号", "the entry", type=int), option("claim", "声明项", "the claim"), _OUTPUT),
    ),
    Command("case missing", Text("缺少的文件", "what an application lacks"), "cases:missing", (_CASE,)),
    Command(
        "case items",
        Text("报告须覆盖的项目", "what a report must cover"),
        "cases:items",
        (_CASE, option("leg", "环节", "the leg", choices=("type_test", "audit"))),
    ),
    Command(
        "case candidates",
        Text("可担任某职能的人员", "who may act in a function"),
        "cases:candidates",
        (_CASE, option("function", "职能", "the function")),
    ),
    Command(
        "case laboratories", Text("可检测的实验室", "which laboratories may test it"), "cases:laboratories", (_CASE,)
    ),
    Command(
        "case report",
        Text("下载检测报告", "download a test report"),
        "cases:report",
        (
            _CASE,
            option(
                "--report", "报告编号，缺省为现行报告", "the report, the one in force if left out", metavar="REPORT"
            ),
            option("--form", "形式", "the form", choices=("pdf", "html", "json"), default="pdf"),
            _OUTPUT,
        ),
    ),
    Command(
        "evidence put",
        Text("上传证据", "upload a file"),
        "cases:bring",
        (
            option("file", "文件", "the file"),
            option("--title", "标题", "a title", default=""),
            option("--share", "共享给机构，可重复", "an organisation to share it with, repeatable", **_MANY),
            _ISSUER,
        ),
    ),
    Command(
        "evidence get",
        Text("下载证据", "download a file"),
        "cases:fetch",
        (
            _ADDRESS,
            option("--output", "写入的文件，- 为标准输出", "the file to write, - for standard output", required=True),
        ),
    ),
    Command(
        "evidence share",
        Text("共享证据", "let an organisation read it"),
        "cases:share",
        (_ADDRESS, option("organisation", "机构编号", "the organisation")),
    ),
    Command(
        "run start",
        Text("由服务器运行检测套件", "have the server run the kit on a sample"),
        "cases:start_run",
        (
            _CASE,
            option("--sample", "样品编号", "the sample", required=True),
            option(
                "--file", "用途=文件，可重复", "role and file, repeatable", **_MANY, metavar="ROLE=FILE", required=True
            ),
            option("--declaration", "申请人声明（JSON）", "what the applicant declares (JSON)"),
            option("--no-wait", "不等待结束", "do not wait for the end", action="store_true"),
            _ISSUER,
        ),
    ),
    Command("run show", Text("显示检测", "show a run"), "cases:show_run", (_RUN,)),
    Command(
        "run judge",
        Text("人工判定项目", "judge what a machine cannot"),
        "cases:judge",
        (
            _RUN,
            option("item", "项目", "the item"),
            option("verdict", "结论", "the verdict", choices=("pass", "fail", "inconclusive", "not-applicable")),
            option("--reason", "理由", "the reason", required=True),
        ),
    ),
    Command(
        "run report",
        Text("由检测出具报告草稿", "draw up the report of a run"),
        "statements:draw_up",
        (_RUN, *acts.SIGNING),
    ),
    Command("job show", Text("显示任务", "how far a job is"), "cases:show_job", (_JOB,)),
    Command("job cancel", Text("取消任务", "stop a job"), "cases:cancel_job", (_JOB,)),
    Command(
        "register search",
        Text("检索证书", "search the certificates"),
        "register:search",
        (
            option("text", "关键词", "words", nargs="*"),
            option("--type", "产品类型", "the product type"),
            option("--body", "认证机构编号", "the body"),
            option(
                "--status", "状态", "the status", choices=("in-force", "suspended", "withdrawn", "cancelled", "expired")
            ),
            option("--page", "页", "the page, from 0", type=int, default=0),
        ),
    ),
    Command(
        "register extract",
        Text(
            "下载整个登记簿，或某编号不存在的证明",
            "download the whole register, or the proof that a number is not in it",
        ),
        "register:extract",
        (option("number", "编号", "the number that it does not have", nargs="?"), _OUTPUT),
    ),
    Command("register show", Text("显示证书", "show a certificate"), "register:show", (acts.NUMBER,)),
    Command(
        "register download",
        Text("下载证书", "download a certificate"),
        "register:download",
        (
            acts.NUMBER,
            option("--form", "形式", "the form", choices=("hallmark", "pdf", "code", "vc", "untp"), default="hallmark"),
            _SIGN_WITH,
            _OUTPUT,
        ),
    ),
    Command(
        "trust",
        Text("获取信任包并显示指纹", "fetch the trust bundle, show its fingerprint"),
        "register:trust",
        (
            option("--replace", "取代已信任的信任包", "take it instead of the trusted one", action="store_true"),
            option("--follow", "按成员签名更新已信任的信任包", "go on by what its members signed", action="store_true"),
        ),
    ),
    Command(
        "verify",
        Text("离线核验证书（退出码同 hallmark-verify）", "check a certificate offline (exit codes of hallmark-verify)"),
        "register:verify",
        (option("file", "文件", "the file"), option("--trust", "信任包", "the trust bundle")),
    ),
    monitoring.COMMAND,
    Command(
        "explain",
        Text("某类产品的评价依据，或产品目录", "what a product type is evaluated against, or the catalogue"),
        "register:explain",
        (
            option("type", "产品类型", "the product type", nargs="?"),
            _SCHEME,
            option("--day", "日期", "the day", metavar="YYYY-MM-DD"),
            _LEVEL,
            option(
                "--declares", "申请人声明项，可重复", "a claim that the applicant makes, repeatable", action="append"
            ),
        ),
    ),
    Command(
        "test",
        Text("在本机用检测套件自测样品", "test a sample at home with the laboratory's kit"),
        "pretest:test",
        (
            option("type", "产品类型，如 CFP-01", "the product type, such as CFP-01"),
            option("sample", "样品文件或目录", "the sample: a file, or a folder"),
            option("--declaration", "申请人声明（JSON）", "what the applicant declares (JSON)", metavar="FILE"),
            option("--report", "报告目录", "folder for the reports", metavar="DIR"),
            option("--parameters", "参数（TOML）", "the open parameters (TOML)", metavar="FILE"),
            _LEVEL,
            _SCHEME,
            option("--workers", "并行数", "measurements at a time", type=int, default=1),
            option("--seed", "随机种子（64 位十六进制）", "the seed, 64 digits of hexadecimal", metavar="HEX"),
        ),
    ),
    Command(
        "operate found",
        Text("创立账本", "found the ledger of an empty server"),
        "operate:found",
        (
            option("--operator-zh", "运营方中文名", "the operator's Chinese name", required=True),
            option("--operator-en", "运营方英文名", "the operator's English name", required=True),
            option("--owner-zh", "方案所有者中文名", "the scheme owner's Chinese name", required=True),
            option("--owner-en", "方案所有者英文名", "the scheme owner's English name", required=True),
            option("--address", "地址", "their address", required=True),
            option("--registrar", "首位登记员姓名", "name of the first registrar", required=True),
            option("--login", "其登录名", "their login", required=True),
            option(
                "--development",
                "开发账本，证书不具效力",
                "a development ledger: nothing on it counts",
                action="store_true",
            ),
        ),
    ),
)
