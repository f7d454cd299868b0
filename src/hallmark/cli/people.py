"""Organisations and the people in them."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hallmark.cli.desk import Desk
from hallmark.cli.output import Said, table
from hallmark.kernel.text import Text


def list_organisations(desk: Desk, options: Namespace) -> Said:
    """Show bodies, laboratories and others that the ledger names in public."""
    found = desk.client.get("/organisations", role=options.role)
    return Said(found, table((each["id"], each["role"], each["name"][desk.language]) for each in found))


def register_organisation(desk: Desk, options: Namespace) -> Said:
    """Register an organisation; with --key it keeps its own."""
    body: dict[str, Any] = {
        "role": options.role,
        "name": {"zh": options.name_zh, "en": options.name_en},
        "address": options.address,
        "code": options.code,
    }
    if options.key:
        public = desk.profile.key(options.key)[1].public
        body["key"] = {"algorithm": public.algorithm, "material": public.material.hex()}
    return _made(desk.client.send("POST", "/organisations", body))


def enrol_person(desk: Desk, options: Namespace) -> Said:
    """Enrol a natural person."""
    return _made(desk.client.send("POST", "/persons", {"name": options.name, "registration": options.registration}))


def erase_person(desk: Desk, options: Namespace) -> Said:
    """Erase who a person is."""
    desk.client.send("DELETE", f"/persons/{options.person}")
    return Said({"erased": options.person}, [desk.say(Text("已销毁", "Erased"))])


def list_members(desk: Desk, options: Namespace) -> Said:
    """Show who does what for an organisation."""
    found = desk.client.get(f"/organisations/{options.organisation or desk.office}/members")
    return Said(found, table((each["person"], each["name"], " ".join(each["functions"])) for each in found))


def set_member(desk: Desk, options: Namespace) -> Said:
    """Say what a person does for an organisation."""
    place = options.organisation or desk.office
    desk.client.send("PUT", f"/organisations/{place}/members/{options.person}", {"functions": options.function})
    words = Text(f"{options.person}：{options.function}", f"{options.person}: {', '.join(options.function) or '-'}")
    return Said({"person": options.person, "functions": options.function}, [desk.say(words)])


def invite(desk: Desk, options: Namespace) -> Said:
    """Let a member sign in: print the code with which they choose a password."""
    place = options.organisation or desk.office
    body = {"person": options.person, "login": options.login}
    made = desk.client.send("POST", f"/organisations/{place}/invitations", body)
    return Said(made, [made["code"]])


def _made(answer: dict[str, Any]) -> Said:
    return Said(answer, [answer["id"]])
