"""What the operator does before there is anybody to ask: founding. The server's own commands come by entry point."""

from __future__ import annotations

import os
from argparse import Namespace

from hallmark.cli.desk import Desk
from hallmark.cli.errors import LedgerUnnamed
from hallmark.cli.output import Said, facts
from hallmark.cli.session import ask_password
from hallmark.kernel.text import Text

_UNNAMED = "development"  # what the settings call a ledger that nobody named
_SETTINGS = "hallmark.server.settings"  # the server stands above this room, so it is named, not imported


def found(desk: Desk, options: Namespace) -> Said:
    """Open an empty server: its operator, its scheme owner, its first registrar and the first entry of the ledger."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", _SETTINGS)
    import django  # noqa: PLC0415 - only a server has it

    django.setup()
    from django.conf import settings  # noqa: PLC0415 - ditto

    if not options.development and settings.HALLMARK_ENVIRONMENT == _UNNAMED:
        raise LedgerUnnamed(name=_UNNAMED)
    from hallmark.office.registry.enrolment import found_ledger  # noqa: PLC0415 - models exist only after set-up

    actor = found_ledger(
        Text(options.operator_zh, options.operator_en),
        Text(options.owner_zh, options.owner_en),
        address=options.address,
        registrar=options.registrar,
        login=options.login,
        password=ask_password(desk.say(Text("登记员密码", "Password of the registrar"))),
        development=options.development,
    )
    said = {"operator": next(iter(actor.organisations)), "registrar": actor.person}
    return Said(said, facts(said))
