"""Each rule has a breach, and each breach a test that names it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from hallmark import consortium
from hallmark.kernel.errors import HallmarkError

BREACHES = sorted(
    {
        breach
        for module in pkgutil.iter_modules(consortium.__path__, "hallmark.consortium.")
        for _, breach in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if issubclass(breach, HallmarkError) and breach.__module__ == module.name
    },
    key=lambda breach: breach.__name__,
)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.__name__)
def test_a_breach_is_named_in_a_docstring_and_in_a_test(breach):
    law = "".join(path.read_text() for path in Path(consortium.__path__[0]).glob("*.py"))
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert f"`{breach.__name__}`" in law, "no rule in a docstring names it"
    assert breach.__name__ in tests, "no test shows it"
    assert {"en", "zh"} <= set(vars(breach)), "it has no sentence of its own in both languages"
