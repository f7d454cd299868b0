"""`hallmark node`: what a member does with its node's folder, by the commands of the node's own room."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from functools import partial

from hallmark.cli import output
from hallmark.cli.grammar import Command, Option
from hallmark.node import commands


def _act(act: Callable[[Namespace], object], options: Namespace) -> int:
    said = act(options)
    if said is not None and getattr(options, "json", False):
        output.say_json({"answer": str(said)})
    elif said is not None:
        output.say(str(said).splitlines())
    return 0


COMMANDS = tuple(
    Command(
        f"node {name}",
        each.words,
        partial(_act, each.act),
        tuple(Option(f"--{option.name}", option.words, option.more) for option in each.options),
    )
    for name, each in commands.COMMANDS.items()
)
"""What `hallmark` finds by entry point `hallmark.commands` once the word `node` is given."""
