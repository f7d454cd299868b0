"""Commands as data, and the parser made of them in the reader's language."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

from hallmark.kernel.text import Language, Text

USAGE = 2
_ELSEWHERE = "hallmark.commands"
ELSEWHERE = ("node", "operate")
"""Groups whose commands, or more of them, come by entry points of these names: loading takes a while."""

PROGRAM = Text(
    "金融科技产品认证：申请、检测、审核、决定与证书",
    "Certification of fintech products: application, tests, audit, decision and certificate",
)
EXIT_CODES = Text(
    "退出码：0 完成；1 结论为否；2 用法有误；3 输入有误；4 未通过验证；5 规则不允许；6 不存在；7 无权限或未登录；"
    "8 暂不可用；9 程序出错；10 无法判断；130 已中断",
    "exit codes: 0 done; 1 the answer is no; 2 usage; 3 malformed input; 4 does not verify; 5 refused by a rule; "
    "6 not there; 7 forbidden, or not signed in; 8 not available now; 9 a fault of the program; 10 cannot tell; "
    "130 interrupted",
)
_OPTIONS = Text("选项", "options")
_ARGUMENTS = Text("参数", "arguments")
_COMMANDS = Text("命令", "commands")
_WRONG = Text("用法有误：", "wrong usage: ")
_HELP = Text("显示帮助", "show this help")
_USAGE = Text("用法：", "usage: ")
_A_COMMAND = "命令"
_REFUSALS: Mapping[str, str] = {
    "the following arguments are required: (.*)": "缺少 {}",
    "unrecognized arguments: (.*)": "无法识别 {}",
    "argument (.*): expected (?:at least )?one argument": "{} 之后须有值",
    "argument (.*): expected ([0-9]+) arguments?": "{} 之后须有 {} 个值",
    r"argument (.*): invalid choice: (.*) \(choose from (.*)\)": "{} 不能为 {}；可为 {}",
    "argument (.*): invalid [^ ]+ value: (.*)": "{} 不能为 {}",
    "argument (.*): ignored explicit argument (.*)": "{} 不带值，却给出了 {}",
    "argument (.*): not allowed with argument (.*)": "{} 与 {} 不能同用",
    "one of the arguments (.*) is required": "须给出其中之一：{}",
}
"""What argparse says, as patterns, and the same in Chinese."""


class Option(NamedTuple):
    """One argument: `--name` or, without dashes, by its place; `more` are argparse's keywords."""

    name: str
    words: Text
    more: Mapping[str, Any] = {}


class Command(NamedTuple):
    """One command, `name` of one word or two.

    `run` is `module:function` in this room, loaded when it is used, or the function of a room above it.
    """

    name: str
    words: Text
    run: str | Callable[[argparse.Namespace], int]
    options: tuple[Option, ...] = ()
    defaults: Mapping[str, Any] = {}


def option(name: str, zh: str, en: str, **more: Any) -> Option:
    """Return an argument with its words."""
    return Option(name, Text(zh, en), more)


GLOBAL = (
    option("--server", "服务器地址", "address of the server"),
    option("--profile", "配置目录", "folder of settings and keys"),
    option("--language", "语言", "language", choices=("zh", "en")),
    option("--json", "输出 JSON", "answer in JSON", action="store_true"),
)


class Parser(argparse.ArgumentParser):
    """A parser that refuses in the reader's language."""

    language: Language = "en"

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and end."""
        if self.language == "zh":
            message = _in_chinese(message)
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{_WRONG.in_language(self.language)}{message}\n")


def _in_chinese(message: str) -> str:
    for pattern, words in _REFUSALS.items():
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return words.format(*(part or _A_COMMAND for part in found.groups()))
    return message


def language_of(given: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language asked for, else that of the surroundings."""
    names = ("HALLMARK_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next((environment[name] for name in names if environment.get(name)), "en")
    for at, word in enumerate(given):
        if word == "--language":
            wanted = "".join(given[at + 1 : at + 2])
        elif word.startswith("--language="):
            wanted = word.partition("=")[2]
    return "zh" if wanted.startswith("zh") else "en"


def build(
    commands: Iterable[Command], groups: Mapping[str, Text], language: Language, given: Iterable[str] | None = None
) -> argparse.ArgumentParser:
    """Return the parser of all `commands`; `groups` are the words of those whose names have two.

    Of what the words `given` do not name, groups in `ELSEWHERE` are not loaded, and commands have no options: that
    takes the time.
    """
    words = None if given is None else frozenset(given)

    def is_named(name: str) -> bool:
        return words is None or words.issuperset(name.split())

    whole = _add_common(_parser(language, None, prog="hallmark", description=PROGRAM, epilog=EXIT_CODES))
    title = _COMMANDS.in_language(language)
    places: dict[str, Any] = {"": whole.add_subparsers(title=title, metavar="", required=True)}
    for command in (*_elsewhere(list(filter(is_named, ELSEWHERE))), *commands):
        group, _, name = command.name.rpartition(" ")
        if group not in places:
            inner = _add_common(_parser(language, places[""], name=group, help=groups[group]))
            places[group] = inner.add_subparsers(title=title, metavar="", required=True)
        parser = _parser(language, places[group], name=name, help=command.words, description=command.words)
        if is_named(command.name):
            _add_common(parser)
            parser.set_defaults(run=command.run, **command.defaults)
            for each in command.options:
                parser.add_argument(each.name, help=_plain(each.words, language), **each.more)
    for group in ELSEWHERE:
        if group not in places:  # so that the help names it
            _add_common(_parser(language, places[""], name=group, help=groups[group]))
    return whole


def _plain(words: Text, language: Language) -> str:
    return words.in_language(language).replace("%", "%%")  # argparse fills in its own names


def _elsewhere(names: Collection[str]) -> Iterable[Command]:
    if not names:
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - it takes as long as all the rest

    return (command for point in entry_points(group=_ELSEWHERE) if point.name in names for command in point.load())


def _parser(language: Language, place: Any, *, name: str = "", **words: Any) -> Parser:
    """Return a parser, inside `place` where there is one."""
    told: dict[str, Any] = {
        key: text.in_language(language) if isinstance(text, Text) else text for key, text in words.items()
    }
    told |= {"add_help": False, "allow_abbrev": False, "formatter_class": partial(_Formatter, language)}
    parser: Parser = place.add_parser(name, **told) if place else Parser(**told)
    parser.language = language
    for group, title in zip(parser._action_groups, (_ARGUMENTS, _OPTIONS), strict=False):  # noqa: SLF001 - no other way
        group.title = title.in_language(language)
    return parser


def _add_common(parser: Parser) -> Parser:
    """Return `parser` with the options that all have."""
    language = parser.language
    parser.add_argument("-h", "--help", action="help", help=_HELP.in_language(language))
    for each in GLOBAL:
        parser.add_argument(each.name, help=each.words.in_language(language), default=argparse.SUPPRESS, **each.more)
    return parser


class _Formatter(argparse.HelpFormatter):
    def __init__(self, language: Language, prog: str) -> None:
        self._language = language
        super().__init__(prog, max_help_position=32, width=min(110, os.get_terminal_size().columns) if _wide() else 100)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, _USAGE.in_language(self._language) if prefix is None else prefix)


def _wide() -> bool:
    try:
        return os.get_terminal_size().columns > 40
    except OSError:
        return False
