"""A monitor goes on where it stopped, and what it kept is its own alone."""

from __future__ import annotations

from contextlib import closing

import pytest

from hallmark.kernel import canonical, keys
from hallmark.node.errors import StoreInUse
from hallmark.node.monitor.finding import Weight
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import BadSeen, Seen, open_store, readable
from hallmark.node.monitor.threshold import DEFAULTS
from node.monitor.published import Log, entries_of, final_over, grave
from verify.register import state_status


def test_what_is_notable_is_told_once_and_what_is_broken_every_time(members, market, watch):
    market.pass_time(days=1)
    state_status(market)  # a day after the one before
    entries = [*entries_of(market), b"no statement"]
    log = Log(entries, final_over(members, entries))
    first, again = watch(log).look(market.clock), watch(log).look(market.clock)
    assert "status-gap" in {each.code for each in first.findings}
    assert "status-gap" not in {each.code for each in again.findings}
    for look in (first, again):
        assert [each.entry for each in look.findings if each.weight is Weight.BROKEN] == [len(entries) - 1]


def test_a_restart_verifies_and_fetches_only_what_is_new(members, market, watch, monkeypatch):
    while len(market.ledger) < 300:
        market.pass_time(seconds=1)
    entries = entries_of(market)
    watch(Log(entries, final_over(members, entries))).look(market.clock)
    state_status(market)
    entries = entries_of(market)
    log = Log(entries, final_over(members, entries))
    asked, verified = [], []
    read, verify = log.tile, keys.PublicKey.verify
    log.tile = lambda path: (asked.append(path), read(path))[1]
    monkeypatch.setattr(
        keys.PublicKey, "verify", lambda key, message, *rest: (verified.append(message), verify(key, message, *rest))[1]
    )
    look = watch(log, status_minutes=10**6).look(market.clock)
    assert grave(look) == set() and look.replayed == len(entries)
    assert not [path for path in asked if path.startswith("tile/entries/000")]
    assert len(verified) < 20


def test_a_replay_that_went_on_knows_what_one_from_the_beginning_knows(market, cfp, tmp_path):
    with closing(open_store(tmp_path / "seen.sqlite")) as store:
        whole = Replay(store, {cfp.digest: cfp}, DEFAULTS)
        whole.take([(entry, b"") for entry in [*entries_of(market), b"no statement"]])
        again = Replay(store, {cfp.digest: cfp}, DEFAULTS)
        assert again.history == whole.history
        assert (again.told, again.size, again.broken) == (whole.told, whole.size, whole.broken)
        assert [each.code for each in again.broken] == ["entry-not-canonical"]


def test_what_was_judged_without_a_scheme_is_judged_again_with_it(market, cfp, tmp_path):
    pairs = [(entry, b"") for entry in entries_of(market)]
    with closing(open_store(tmp_path / "seen.sqlite")) as store:
        Replay(store, {}, DEFAULTS).take(pairs)
        assert Replay(store, {}, DEFAULTS).size == len(pairs)
        again = Replay(store, {cfp.digest: cfp}, DEFAULTS)
        assert (again.size, again.broken) == (0, [])
        again.take(pairs)
        assert Replay(store, {cfp.digest: cfp}, DEFAULTS).size == len(pairs)


def test_two_monitors_do_not_share_a_folder(tmp_path):
    with closing(Seen.read(tmp_path).store), pytest.raises(StoreInUse):
        Seen.read(tmp_path)
    Seen.read(tmp_path).store.close()


@pytest.mark.parametrize("content", [b"no store", b"SQLite format 3\0" + bytes(200)])
def test_a_memory_that_is_no_memory_is_refused(tmp_path, content):
    (tmp_path / "seen.sqlite").write_bytes(content)
    with pytest.raises(BadSeen) as refused:
        Seen.read(tmp_path)
    assert "seen.sqlite" in refused.value.explain("zh")


@pytest.mark.parametrize("slot", [[], [None, {}, []], ["x", {}, {}], [b"hello\n\n\xe2\x80\x94 x AAAAAAAA\n", {}, {}]])
def test_notes_that_are_no_checkpoints_are_refused_and_the_store_is_let_go(tmp_path, slot):
    with closing(open_store(tmp_path / "seen.sqlite")) as store, store.transaction():
        store.put_slot("seen", canonical.encode(slot))
    for _ in range(2):
        with pytest.raises(BadSeen):
            Seen.read(tmp_path)


def test_a_memory_cut_in_half_is_refused_when_it_is_read(members, market, watch, tmp_path):
    entries = entries_of(market)
    log = Log(entries, final_over(members, entries))
    watch(log).look(market.clock)
    watch(log, memory="another")  # the first lets go, and writes its journal into the file
    path = tmp_path / "seen" / "seen.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadSeen), readable(path), closing(Seen.read(path.parent).store) as store:
        Replay(store, {}, DEFAULTS)
