"""What can go wrong with a test run."""

from __future__ import annotations

from hallmark.kernel.errors import Missing, Refusal, Unverified


class NoSuchRun(Missing):
    """There is no such test run, or it is not your laboratory's."""

    en = "There is no test run {run} that you may see. Check the identifier."
    zh = "没有您可以查看的检测 {run}。请核对编号。"


class NotTheSample(Refusal):
    """A file is not one of the builds received."""

    article = "ISO/IEC 17025:2017 7.4"
    en = "The file for {role} is none of the builds declared in this case. Upload exactly what was received."
    zh = "用于 {role} 的文件不是本案申报的版本文件。请上传所接收的文件。"


class RunNotDone(Refusal):
    """The run has no record yet."""

    en = "Test run {run} has not ended, or ended in an error. Wait for it, or start another."
    zh = "检测 {run} 尚未结束或因错误终止。请等待或重新启动。"


class ItemsOpen(Refusal):
    """Items still wait for a person's judgement."""

    article = "ISO/IEC 17025:2017 7.8"
    en = "These items still wait for a person's judgement: {items}. Judge them, then draw up the report."
    zh = "下列项目尚待人员判定：{items}。请判定后再出具报告。"


class NoSuchReport(Missing):
    """The case has no test report of that number."""

    en = "This case has no test report {report}. Look the number up in the case."
    zh = "本案没有检测报告 {report}。请在案卷中查找编号。"


class ReportDisagrees(Unverified):
    """The laboratory's record is not what the ledger names, or says something else."""

    article = "ISO/IEC 17025:2017 7.8.1"
    en = "The laboratory's record and the report on the ledger differ: {why}. Rely on neither; ask the laboratory."
    zh = "实验室记录与账本上的报告不一致：{why}。请勿信赖，并询问实验室。"
