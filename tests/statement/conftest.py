"""Strategies that make claims of any kind from its shapes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from hallmark.kernel import identifier
from hallmark.statement import shape
from hallmark.statement.kind import Kind
from hallmark.statement.shape import Shape

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf"])


def _values_of(wanted: Shape) -> st.SearchStrategy[Any]:
    """Return what has that shape, kept small."""
    match wanted:
        case shape.Words(most, ""):
            return st.text(_LETTERS, min_size=1, max_size=min(most, 12)).filter(str.strip)
        case shape.Words(most, pattern):
            return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= most)
        case shape.Whole(least, most):
            return st.integers(least, most)
        case shape.Flag():
            return st.booleans()
        case shape.Octets(size, most):
            return st.binary(min_size=size, max_size=size or min(most, 40))
        case shape.Id(prefixes):
            return st.builds(identifier.from_seed, st.sampled_from(prefixes or ("HM",)), st.binary(max_size=4))
        case shape.Day():
            return st.dates().map(str)
        case shape.OneOf(values):
            return st.sampled_from([str(value) for value in values])
        case shape.ListOf(item, least):
            return st.lists(_values_of(item), min_size=least, max_size=least + 1)
        case shape.MapOf(key, item, least):
            return st.dictionaries(_values_of(key), _values_of(item), min_size=least, max_size=least + 1)
        case shape.Record(fields, optional):
            return st.fixed_dictionaries(
                {name: _values_of(inner) for name, inner in fields.items()},
                optional={name: _values_of(inner) for name, inner in optional.items()},
            )
        case shape.Either(shapes):
            return st.one_of([_values_of(inner) for inner in shapes])
    raise AssertionError(wanted)


def _claims_of(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {claim.name: _values_of(claim.shape) for claim in kind.claims if not claim.optional},
        optional={claim.name: _values_of(claim.shape) for claim in kind.claims if claim.optional},
    )


@pytest.fixture(scope="session", name="values_of")
def values_of_fixture():
    """Return the function from a shape to the strategy of its values."""
    return _values_of


@pytest.fixture(scope="session", name="claims_of")
def claims_of_fixture():
    """Return the function from a kind to the strategy of its claims."""
    return _claims_of
