"""What an English sentence looks like inside a Chinese one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hallmark.kernel.errors import HallmarkError

_QUOTED = re.compile("“[^”]*”")
_COMMAND = re.compile(r"hallmark(?:-verify)? [A-Za-z0-9 _./-]+")
_WORDS = re.compile(r"(?<![-\w/.])[A-Za-z][a-z']*(?: [a-z']+){2,}")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def english_in(sentence: str) -> list[str]:
    """Return the runs of three English words or more; what is quoted, and commands to type, are nobody's sentence."""
    return _WORDS.findall(_COMMAND.sub(" ", _QUOTED.sub(" ", sentence)))


def is_chinese(sentence: str) -> bool:
    """Tell whether any Chinese stands in the sentence."""
    return _CHINESE.search(sentence) is not None


_ECHOED = ("path", "text", "origin", "url", "key", "name")
"""Facts that are what somebody sent, whatever it looks like."""


def watched(init: Callable[..., None]) -> Callable[..., None]:
    """Return the making of an error that refuses to mix languages, whatever its facts are."""

    def make(self: HallmarkError, **facts: Any) -> None:
        init(self, **facts)
        said = self.explain("zh").removesuffix(f" [{self.article}]")
        for name in _ECHOED:
            said = said.replace(str(facts.get(name) or "\0"), "…")
        assert english_in(said) == [], said
        assert is_chinese(said), said
        if not any(type(fact) is str and is_chinese(fact) for fact in facts.values()):  # a name may be Chinese
            assert not is_chinese(self.explain("en").removesuffix(f" [{self.article}]")), self.explain("en")

    return make
