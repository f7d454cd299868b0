"""What can be wrong with the files of a scheme; each breach names the file and the key."""

from __future__ import annotations

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text


class BadScheme(Malformed):
    """Base: a file of a scheme breaks the format."""

    en = "{file}, {key}: {why}."
    zh = "{file}，{key}：内容有误。"


class NotToml(BadScheme):
    """A file is not UTF-8 text in TOML 1.0."""

    en = "{file} is not TOML: {why}. Correct the file and load the scheme again."
    zh = "{file} 不是 TOML 文件：{why}。请更正后重新加载。"


class NoHead(BadScheme):
    """There must be exactly one `[scheme]` table over all files."""

    en = "The scheme has {count} [scheme] tables, which say its id and edition. Keep exactly one."
    zh = "方案含有 {count} 个 [scheme] 表（用于声明编号和版本）。请恰好保留一个。"


class UnknownKey(BadScheme):
    """A key has no place in the format."""

    en = "{file}, {key}: no such key exists. Allowed here: {allowed}."
    zh = "{file}，{key}：没有这个键。此处允许：{allowed}。"


class MissingKey(BadScheme):
    """A key that the format requires is absent."""

    en = "{file}, {key}: the key is required and absent. Add it."
    zh = "{file}，{key}：缺少必需的键。请补充。"


class MissingTranslation(BadScheme):
    """Words for people are not there in both languages."""

    en = "{file}, {key}: words are needed in both languages, and {language} is absent. Add it."
    zh = "{file}，{key}：文字须有中英两种语言，现缺 {language}。请补充。"


TABLE, LIST = Text("表", "a table"), Text("列表", "a list")
TEXT, INTEGER = Text("文字", "text"), Text("整数", "an integer")


class WrongKind(BadScheme):
    """A value is of another kind than its key takes."""

    en = "{file}, {key}: expected {expected}. Write decimals as text; floats are never read."
    zh = "{file}，{key}：此处应为 {expected}。小数请写成文本；不读取浮点数。"


class NotAChoice(BadScheme):
    """A word is not among those its key allows."""

    en = "{file}, {key}: {value} is not one of {allowed}. Use one of them."
    zh = "{file}，{key}：{value} 不在 {allowed} 之中。请选用其一。"


class BadDate(BadScheme):
    """A date is no calendar date."""

    en = "{file}, {key}: {value} is not a calendar date. Write it as YYYY-MM-DD, in quotes."
    zh = "{file}，{key}：{value} 不是日历日期。请加引号写作 YYYY-MM-DD。"


class DuplicateId(BadScheme):
    """Two lines of one collection have the same id."""

    en = "{file}, {key}: this id is taken by another line. Give each line its own."
    zh = "{file}，{key}：该编号已被另一条目使用。请为每个条目使用各自的编号。"


class DanglingReference(BadScheme):
    """A line names another that does not exist."""

    en = "{file}, {key}: there is no {what} {value}. Add that line or correct the name."
    zh = "{file}，{key}：不存在 {what} {value}。请补充该条目或更正名称。"


class LimitWithoutProvenance(BadScheme):
    """A limit does not say who set it."""

    en = "{file}, {key}: a limit must say who set it (provenance = source, hallmark or operator). Add it."
    zh = "{file}，{key}：限值必须说明由谁确定（provenance 为 source、hallmark 或 operator）。请补充。"


class ValueFromNowhere(BadScheme):
    """A value stands where no source gives one: the operator's to set, or of unknown certainty."""

    en = "{file}, {key}: a value stands here, but no source gives one. Remove it, or name its source."
    zh = "{file}，{key}：此处有取值，但没有来源给出该值。请删除取值或注明来源。"


class ValueMissing(BadScheme):
    """A line claims that a source sets the value, and gives none."""

    en = "{file}, {key}: the value is absent although provenance says who set it. Give it, or leave it to the operator."
    zh = "{file}，{key}：provenance 已说明取值来源，但缺少取值。请补充，或改由运营者设定。"


class Overclaimed(BadScheme):
    """A line is surer than what it rests on."""

    en = "{file}, {key}: {value} is surer than its sources, which lend at most {most}. Lower the certainty."
    zh = "{file}，{key}：确定性 {value} 高于其来源所能支持的 {most}。请降低确定性。"


class UnfoundedShall(BadScheme):
    """What can fail a product must follow from a text: limits and decisive parts included."""

    en = "{file}, {key}: {value} could fail a product, but is only {certainty}. Make it `should`, or find its text."
    zh = "{file}，{key}：{value} 可能判定产品不合格，但其确定性仅为 {certainty}。请改为 should，或找到依据文本。"


class NestedRest(BadScheme):
    """What an item rests on is measured, not combined: one step, so no circle."""

    en = "{file}, {key}: {value} rests on other items itself. Name those items instead."
    zh = "{file}，{key}：{value} 本身又由其他项目综合判定。请直接列出那些项目。"


class BrokenSuccession(BadScheme):
    """The editions of a standard do not follow one another in time."""

    en = "{file}, {key}: edition {value} does not follow in time. Give the successor a later valid_from."
    zh = "{file}，{key}：版本 {value} 在时间上不连贯。请为后继版本给出更晚的 valid_from。"
