"""Runs a member's node from its folder, and does by hand what its operator does: `python -m hallmark.node --help`.

`hallmark node` does the same, in the reader's language.
"""

from __future__ import annotations

import argparse
import sys

from hallmark.kernel.errors import HallmarkError
from hallmark.node.commands import COMMANDS
from hallmark.verify import disk


def main(arguments: list[str] | None = None) -> int:
    """Do one of the commands; return 0, or 1 for what cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m hallmark.node", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.words.en, description=command.words.en)
        for option in command.options:
            own.add_argument(f"--{option.name}", help=option.words.en, **option.more)
    given = parser.parse_args(arguments)
    try:
        said = COMMANDS[given.command].act(given)
    except (HallmarkError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or given.command}: {disk.reason(error).en}.\n")
        return 1
    if said is not None:
        sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
