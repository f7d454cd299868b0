"""Running the demonstration: once; afterwards it is there, and starting takes a moment."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import timedelta

from hallmark.kernel.text import Text
from hallmark.node.attester import program
from hallmark.office.registry import queries as registry
from hallmark.server.demonstration import story
from hallmark.server.demonstration.cast import CAST, FOUNDERS, PASSWORD
from hallmark.server.demonstration.products import AUTOMATOR, GENERATOR, REFERENCE
from hallmark.server.demonstration.stage import Stage
from hallmark.server.demonstration.story import Say
from hallmark.server.network import Network

_BEGAN = timedelta(days=60)
_PROGRAMS = {"bwrap": "bubblewrap", "java": "default-jre-headless", "apksigner": "apksigner"}


def load(say: Say, network: Network | None = None) -> None:
    """Load the market into an empty server; where a ledger stands already, only its people are told.

    With `network`, seven of the organisations found a consortium, whose nodes keep the ledger from then on.
    """
    if registry.size():
        say(_people())
        return
    if missing := [package for program, package in _PROGRAMS.items() if not shutil.which(program)]:
        _say_what_lacks(say, missing, Text("需要它们的项目将不检测。", "What needs them will be 'not run'."))
    if network and (lacking := program.missing()):
        without = Text(
            "没有软件 TPM，联盟节点将不作证明。", "Without software TPMs no node of the consortium will be attested."
        )
        _say_what_lacks(say, lacking, without)
    say(
        Text(
            "创立账本；方案所有者、认证机构、检测机构与人员进入",
            "Founding the ledger; scheme owner, bodies, laboratories and people come in",
        )
    )
    stage = Stage(_BEGAN)
    stage.open()
    say(
        Text(
            "数周之前：一件申请不予受理，其申诉被驳回；一项不符合项无人答复",
            "Some weeks ago: an application declined and its appeal rejected; a nonconformity that nobody answered",
        )
    )
    stage.pass_time(days=5)
    story.decline(stage, REFERENCE)
    stage.pass_time(days=5)
    story.let_lapse(stage, REFERENCE)
    stage.pass_time(days=90)
    if network:
        say(
            Text(
                f"{len(FOUNDERS)} 家机构创立联盟：各运行一个核验每条声明的节点",
                f"{len(FOUNDERS)} organisations found a consortium: each runs a node that checks every statement",
            )
        )
        stage.found_consortium(network)
        if failed := network.failed:
            say(
                Text(
                    f"其节点将不作证明。{failed.explain('zh')}",
                    f"Its nodes will not be attested. {failed.explain('en')}",
                )
            )
    zh, en = REFERENCE.name
    say(Text(f"现在：{zh} {REFERENCE.version} 走完全程", f"Now: {en} {REFERENCE.version} goes the whole way"))
    story.take_the_whole_way(stage, REFERENCE, say)
    zh, en = AUTOMATOR.name
    if AUTOMATOR.read() is None:
        how = AUTOMATOR.lacking
        say(Text(f"此处没有{zh}；获取方式：{how}", f"{en} is not here; to bring it: {how}"))
    else:
        say(Text(f"现在：{zh}，他人制作的真实 Android 应用", f"Now: {en}, a real Android package made by others"))
        story.take_the_whole_way(stage, AUTOMATOR, say)
    zh, en = GENERATOR.name
    say(Text(f"现在：{zh}，50 个 1,000,000 比特的序列", f"Now: {en}, 50 sequences of 1,000,000 bits"))
    story.apply_and_test(stage, GENERATOR, say)
    say(_people())


def _say_what_lacks(say: Say, programs: Iterable[str], without: Text) -> None:
    names = list(programs)
    say(Text(f"未安装：{'、'.join(names)}。{without.zh}", f"Not installed: {', '.join(names)}. {without.en}"))
    command = f"apt-get install {' '.join(names)}"
    say(Text(f"安装：{command}", f"To install: {command}"))


def _people() -> Text:
    logins = [login for member in CAST.values() for login in member.people]
    return Text(
        f"人员：{'、'.join(logins)}；口令均为“{PASSWORD}”，其密钥在数据文件夹的 personas/ 中",
        f"People: {', '.join(logins)}; the password of each is '{PASSWORD}', "
        "their keys are in the data folder's personas/",
    )
