"""A machine form is stapled from true parts or not at all."""

from __future__ import annotations

import pytest

from hallmark.certificate.form import MachineForm
from hallmark.certificate.staple import staple
from hallmark.ledger.merkle import NotIncluded, OutsideTree
from hallmark.ledger.sorted_map import NotPresent, SortedMap
from hallmark.ledger.tile import TiledLog, append
from hallmark.verify.certificate import verify_certificate
from verify.register import Register, copy_of, parsed, state_status
from world.cast import org


def test_a_log_in_memory_and_one_in_tiles_staple_the_same_form(certified):
    market, number = certified
    register = Register(market)
    files = {tile.path: data for tile, data in append(lambda path: files[path], 0, register.entries)}
    tiles = TiledLog(files.__getitem__, len(register.tree), register.tree.root())
    form = register.form(number)
    parts = {name: getattr(form, name) for name in ("issued", "issuer", "stated")}
    leaves = {name: (entry.index, entry.encoded) for name, entry in parts.items()}
    assert staple(tiles, register.checkpoint, register.map, status=form.status.record, **leaves) == form


def test_an_older_checkpoint_of_a_log_that_has_grown_can_be_stapled(certified):
    market, number = certified
    register = Register(market)
    form = register.form(number)
    market.pass_time()
    register.tree = Register(market).tree
    assert register.form(number) == form


def test_an_entry_under_another_index_is_not_stapled(certified):
    market, number = certified
    register = Register(market)
    index, encoded = register.find("certificate.issued", number)
    with pytest.raises(NotIncluded):
        register.form(number, issued=(index - 1, encoded))


def test_an_entry_after_the_checkpoint_is_not_stapled(certified):
    market, number = certified
    register = Register(market)
    state_status(market)
    later = Register(market)
    register.tree, register.map = later.tree, later.map
    with pytest.raises(OutsideTree):
        register.form(number, stated=later.find("status.stated", org("operator")))


def test_a_status_that_changed_since_it_was_stated_is_not_stapled(certified):
    market, number = certified
    market.set_status("suspended", number)
    with pytest.raises(NotPresent):
        Register(market).form(number)
    state_status(market)
    assert Register(market).form(number)


def test_a_certificate_that_the_register_does_not_hold_is_not_stapled(certified):
    market, number = certified
    register = Register(copy_of(market))
    register.map = SortedMap({})
    with pytest.raises(NotPresent):
        register.form(number)


def test_what_is_stapled_verifies(certified):
    market, number = certified
    data = Register(market).form(number).encode()
    assert MachineForm.parse(data).encode() == data
    assert verify_certificate(data, parsed(), market.clock).number == number
