"""Seven real processes with seven software TPMs, run by hand over folders: one node gets in, a forged one does not.

Each command is a process too, of a copy of the release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from hallmark.attestation.policy import Policy
from hallmark.consortium import finality
from hallmark.kernel.instant import DAY
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.node.attester.measurement import PACKAGE
from hallmark.node.errors import NotFinal, NotReached
from hallmark.rules.consortium import NotAppraised
from hallmark.statement import envelope
from node.admission.ledger import EVERYBODY, HOSTS, Ledger
from node.admission.seven import FORGER, FRESH, MEMBERS, NEWCOMER, constitution, opened
from node.network import eventually
from world.cast import org


def copy(place: Path) -> Path:
    """Install a copy of the release, and return where Python finds it."""
    shutil.copytree(PACKAGE, place / "hallmark", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "hallmark.node", *map(str, words)]


def environment(site: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def do(site: Path, *words: object) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(command(*words), env=environment(site), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Processes(Ledger):
    site: Path

    def start(self, who: str) -> None:
        words = command("run", "--folder", self.home(who), "--listen", f"127.0.0.1:{self.ports[who]}")
        with (self.home(who) / "log").open("ab") as log:
            self.running[who] = subprocess.Popen(words, env=environment(self.site), stdout=log, stderr=log)

    def stop(self, who: str) -> None:
        process = self.running.pop(who)
        process.kill()
        process.wait()

    def say(self, who: str, *words: object, site: Path | None = None) -> str:
        """Return what an operator's command prints."""
        return do(site or self.site, words[0], "--folder", self.home(who), *words[1:])

    def by_hand(self, who: str, *words: object, site: Path | None = None) -> Path:
        """Return the file that an operator's command wrote."""
        return Path(self.say(who, *words, site=site))

    def request(self, who: str, site: Path | None = None) -> Path:
        path = self.by_hand(who, "present", site=site)
        self.take(path)
        return path

    def appraise(self, members, request: Path) -> Counter:
        """Let members appraise a request; return how many found what."""
        findings = [self.by_hand(who, "appraise", "--request", request) for who in members]
        self.take(*findings)
        return Counter(envelope.parse(each.read_bytes()).draft.public["code"] for each in findings)

    def answers(self, who: str) -> bool:
        (peer,) = self.peers([who])
        try:
            peer.note("checkpoint")
        except NotReached:
            return False
        return True

    def holds_all(self, who: str) -> bool:
        (peer,) = self.peers([who])
        note = peer.note("checkpoint")
        return note is not None and Checkpoint.parse(note.text).size == len(self.market.ledger)


def founded(place: Path, scheme, site: Path) -> Processes:
    """Return seven members and two that ask for a seat, each with a TPM that the registrar knows, on one policy."""
    anchor, code = do(site, "registrar", "--folder", place / "registrar"), do(site, "measure")
    told = ("--name", "development", "--anchor", anchor, "--seats", 9, "--fresh", FRESH)
    (place / "draft").mkdir()
    digest = do(site, "policy", "--folder", place / "draft", *told)
    policy = Policy.parse((place / "draft" / "policy").read_bytes())
    agreed = constitution(policy, bytes.fromhex(code))
    assert agreed.attestation.hex() == digest
    ledger = Processes(place / "ledger", opened(scheme, agreed), agreed, policy)
    ledger.site = site
    for who in HOSTS:
        ledger.by_hand(who, "enrol", "--registrar", place / "registrar")
    return ledger


def seal(ledger: Processes, changed: Path) -> str:
    """Seal the keys of all but the forger, and see that other code opens none."""
    for who in EVERYBODY:
        do(ledger.site, "seal", "--folder", ledger.home(who))
        assert not (ledger.home(who) / "keys" / "witness.pem").exists()
    words = command("call", "--folder", ledger.home("bank"), "--attempt", 1)
    other = subprocess.run(words, env=environment(changed), capture_output=True, text=True, check=False)
    assert (other.returncode, "sealed for other code" in other.stderr) == (1, True)
    return f"{len(HOSTS)} TPMs enrolled, the keys of {len(EVERYBODY)} nodes sealed, and a changed release opens none"


def admit(ledger: Processes) -> str:
    """Let the newcomer ask, all members appraise, a quorum vote, and the next epoch begin."""
    request = ledger.request(NEWCOMER)
    found = ledger.appraise(MEMBERS, request)
    assert found == {"affirming": 7}
    proposal = ledger.by_hand("bank", "propose", "--request", request, "--reason", "an eighth seat")
    ledger.take(proposal)
    ledger.take(*(ledger.by_hand(who, "vote", "--proposal", proposal) for who in MEMBERS[:5]))
    calls = ledger.place / "calls"
    calls.write_text("".join(ledger.say(who, "call", "--attempt", 1) + "\n" for who in MEMBERS[:3]))
    ledger.enter(ledger.by_hand("operator", "convene", "--attempt", 1, "--calls", calls), EVERYBODY)
    record, constitution = ledger.epoch
    assert (record.epoch, constitution.names) == (2, {*map(org, EVERYBODY)})
    return f"honest evidence: {dict(found)}; then a vote of five, and epoch 2 with {len(constitution.names)} members"


def co_sign(ledger: Processes) -> str:
    """Let the new node restart, on sealed keys, and no quorum be without it."""
    eventually(lambda: ledger.holds_all(NEWCOMER), 60)
    ledger.stop(NEWCOMER)
    ledger.start(NEWCOMER)
    eventually(lambda: ledger.answers(NEWCOMER), 60)
    ledger.append()
    eventually(lambda: ledger.holds_all(NEWCOMER), 60)  # which it fetched after it woke
    for who in MEMBERS[5:]:
        ledger.stop(who)
    final = finality.check_final(ledger.append(), *ledger.epoch)
    assert org(NEWCOMER) in final.cosigned
    return f"after a restart, and with two members dead, it co-signed {final.checkpoint.size} entries as final"


def forge(ledger: Processes, changed: Path) -> str:
    """Let the forger ask with a changed release, one member lie for it, and an honest one vote for it all the same."""
    request, honest, liar = ledger.request(FORGER, changed), (*MEMBERS[:4], NEWCOMER), MEMBERS[4]
    found = ledger.appraise(honest, request)
    assert found == {"unknown-measurement": len(honest)}
    finding = envelope.parse(ledger.market.ledger[-2][0]).draft.public
    lie = {**finding, "accepted": True, "code": "affirming", "until": ledger.market.clock + DAY}
    ledger.market.submit("node.appraised", liar, org(liar), lie)
    proposal = ledger.by_hand(liar, "propose", "--request", request, "--reason", "a friend")
    ledger.take(proposal)
    ledger.take(ledger.by_hand(liar, "vote", "--proposal", proposal))
    vote = ledger.by_hand("bank", "vote", "--proposal", proposal)
    with pytest.raises(NotAppraised):
        ledger.take(vote)
    with pytest.raises(NotFinal) as refused:
        ledger.sequencer.append([(vote.read_bytes(), b"\x80")], patience=20)
    codes = Counter(refused.value.facts["codes"].values())
    assert codes["not-appraised"] > ledger.epoch[1].faults
    return f"one byte of code more: {dict(found)}; a vote for it despite that, offered to the nodes: {dict(codes)}"


@pytest.mark.long
def test_a_node_with_real_evidence_is_admitted_and_a_forged_one_is_kept_out(tmp_path, cfp, capsys) -> None:
    began, site, changed = time.monotonic(), copy(tmp_path / "site"), copy(tmp_path / "changed")
    with (changed / "hallmark" / "rules" / "decision.py").open("ab") as file:
        file.write(b"\n")
    with founded(tmp_path, cfp, site) as ledger:
        seen = [seal(ledger, changed)]
        for who in HOSTS:
            ledger.start(who)
        eventually(lambda: all(map(ledger.answers, HOSTS)), 60)
        ledger.append()
        seen += [admit(ledger), co_sign(ledger), forge(ledger, changed)]
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(f"{line}\n" for line in seen) + f"{time.monotonic() - began:.0f} s in all\n")
