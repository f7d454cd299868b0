"""What travels to and between nodes is read in one way, and what it says of itself can be repeated."""

from __future__ import annotations

import pytest

from hallmark.node.errors import BadRequest
from hallmark.node.protocol import Message


@pytest.mark.parametrize("sender", ["a\nnode: all is well", "\x1b[2J", "\u202ea", "x" * 101])
def test_a_sender_that_a_log_should_not_repeat_is_none(sender):
    with pytest.raises(BadRequest):
        Message.parse(Message(sender, "a", "entries", 1, b"").encode())


@pytest.mark.parametrize("sender", ["", "a", "ORG-5674SCYA-4RKS7963-C", "x" * 100])
def test_a_message_is_read_as_it_was_written(sender):
    message = Message(sender, "a", "entries", 1, b"content", b"signature")
    assert Message.parse(message.encode()) == message
