"""What a node's operator does by hand, as data: each command with its words, its function and its options."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.node.commands import evidence, founding, voting
from hallmark.node.commands.command import Command

COMMANDS: Mapping[str, Command] = {**founding.COMMANDS, **evidence.COMMANDS, **voting.COMMANDS}
