"""A person's keys, which never leave the profile."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from hallmark.cli.desk import Desk
from hallmark.cli.output import Said, facts
from hallmark.cli.profile import ask_passphrase
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, NAMES, PublicKey
from hallmark.kernel.text import Text
from hallmark.office.accounts import enrolment
from hallmark.statement.plain import write

ALGORITHMS: Mapping[str, int] = {"ed25519": ED25519, "p256": ESP256, "ml-dsa-44": ML_DSA_44}


def create(desk: Desk, options: Namespace) -> Said:
    """Make a key, encrypted where a passphrase is wanted."""
    passphrase = None
    if options.passphrase:
        passphrase = ask_passphrase(desk.say(Text("口令", "Passphrase")))
    return _shown(options.name, desk.profile.create_key(options.name, ALGORITHMS[options.algorithm], passphrase).public)


def show(desk: Desk, options: Namespace) -> Said:
    """Show the public part of a key, or the names of all."""
    if options.name is None:
        names = desk.profile.names()
        return Said(names, names)
    return _shown(options.name, desk.profile.key(options.name)[1].public)


def enrol(desk: Desk, options: Namespace) -> Said:
    """Make a key the one that a person approves with, and remember whose it is."""
    name, signer = desk.profile.key(options.name)
    person = options.person or desk.me["person"]
    proof = enrolment.prove(desk.me["environment"], person, signer)
    key = {"algorithm": signer.public.algorithm, "material": signer.public.material.hex()}
    desk.client.send("POST", f"/persons/{person}/keys", {"key": key, "proof": write(proof.to_value())})
    desk.profile.save(keys={**desk.profile.settings.get("keys", {}), name: person})
    words = Text(f"密钥 {name} 已登记给 {person}", f"Key {name} is enrolled for {person}")
    return Said({"key": signer.public.id.hex(), "person": person}, [desk.say(words)])


def _shown(name: str, key: PublicKey) -> Said:
    said = {"name": name, "algorithm": NAMES[key.algorithm], "material": key.material.hex(), "id": key.id.hex()}
    return Said(said, facts(said))
