"""How founders agree on a constitution, each in its own house, and sign its start; files are what they hand each other.

1. Each makes its node's folder and keys, and hands the others its `seat` (`create`).
2. Each writes the constitution by itself from the same seats, policy and code, and they compare its digest (`agree`).
3. Each commits to the start of epoch 1 under it (`commit`); whoever has all commits puts the start together (`start`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import Ballot, Record, Start, verified
from hallmark.kernel import canonical
from hallmark.kernel.keys import ML_DSA_44, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.node import folder
from hallmark.node.archive import write
from hallmark.node.errors import BadRequest, WrongFolder

SEAT, COMMIT = "seat", "commit"


def create(home: Path, name: str, family: str, product: str = "") -> Member:
    """Make a node's folder with new keys, write its `seat` there and return it; raises `FileExistsError`."""
    made = (SoftwareSigner.generate(), SoftwareSigner.generate(), SoftwareSigner.generate(ML_DSA_44))
    for purpose, signer in zip(folder.PURPOSES, made, strict=True):
        folder.write_key(home / "keys" / f"{purpose}.pem", signer)
    witness, mirror, archive = (signer.public for signer in made)
    seat = Member(name, family, witness, mirror, archive, product)
    write(home / "name", f"{name}\n".encode())
    write(home / folder.FAMILY, f"{family}\n".encode())
    if product:
        write(home / "product", f"{product}\n".encode())
    write(home / SEAT, canonical.encode(seat.to_value()))
    return seat


def read_seat(content: bytes) -> Member:
    """Return the seat in a founder's file; raises `NotCanonical`, `BadConstitution`."""
    return Member.from_value(canonical.decode(content, what=Text("席位", "seat")))


def agree(home: Path, constitution: Constitution) -> None:
    """Write the constitution; raises as `Constitution.check`, and `WrongFolder` where the node has no seat in it."""
    constitution.check()
    own = read_seat((home / SEAT).read_bytes())
    if own not in constitution.members:
        why = Text("章程中没有本节点的席位", "the constitution has no seat for this node")
        raise WrongFolder(path=home / SEAT, why=why)
    write(home / "constitution", constitution.encode())


def commit(home: Path) -> bytes:
    """Sign the start of epoch 1 under the folder's constitution, write that to `commit`, and return it."""
    name, constitution = folder.identity(home)
    message, own = Ballot(1, Record.first(constitution)).commit_message, folder.signers(home)
    content = canonical.encode([name, own.mirror.sign(message), own.archive.sign(message)])
    write(home / COMMIT, content)
    return content


def start(constitution: Constitution, commits: Iterable[bytes]) -> Start:
    """Return the start of epoch 1, to which these commits belong; raises `BadRequest`, `BadMemberSignature`.

    That all founders are among them is for the rules to say when it is stated.
    """
    signed: dict[str, tuple[bytes, bytes]] = {}
    for content in commits:
        match canonical.decode(content, what=Text("提交", "commit")):
            case [str(name), bytes(mirror), bytes(archive)]:
                signed[name] = mirror, archive
            case _:
                raise BadRequest(why=Text("有一份不是名称和两个签名", "one is not a name and two signatures"))
    ballot = Ballot(1, Record.first(constitution))
    for at, purpose in enumerate(("mirror", "archive")):
        signatures = {name: pair[at] for name, pair in signed.items()}
        verified(ballot.commit_message, signatures, constitution, purpose)
    return Start(ballot, constitution, signed)
