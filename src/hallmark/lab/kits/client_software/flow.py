"""Which constants reach the arguments of a call: forward data flow inside one method.

What a register holds is a small set of constants, or unknown. Branches are joined, exception handlers start with
nothing known, and whatever is not understood makes a register unknown: a constant reported here is one on some path,
and an unknown is said to be one. Instructions: the Android platform's "Dalvik bytecode format".
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hallmark.kernel.text import Text
from hallmark.lab.kits.client_software.dex import MalformedDex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from hallmark.lab.kits.client_software.dex import Code, Dex

MOST_UNITS = 20_000
"""Longer methods are not followed: what reaches their calls is unknown."""
_MOST_STEPS = 200_000
_MOST_VALUES = 8

_WIDTH_OF = {
    2: (
        *(0x02, 0x05, 0x08, 0x13, 0x15, 0x16, 0x19, 0x1A, 0x1C, 0x1F, 0x20, 0x22, 0x23, 0x29, 0xFE, 0xFF),
        *(*range(0x2D, 0x3E), *range(0x44, 0x6E), *range(0x90, 0xB0), *range(0xD0, 0xE3)),
    ),
    3: (
        *(0x03, 0x06, 0x09, 0x14, 0x17, 0x1B, 0x24, 0x25, 0x26, 0x2A, 0x2B, 0x2C, 0xFC, 0xFD),
        *(*range(0x6E, 0x73), *range(0x74, 0x79)),
    ),
    4: (0xFA, 0xFB),
    5: (0x18,),
}
_WIDTHS = [next((width for width, opcodes in _WIDTH_OF.items() if op in opcodes), 1) for op in range(256)]
_PACKED, _SPARSE, _ARRAY = 0x0100, 0x0200, 0x0300

_MOVES, _WIDE_MOVES, _LONG_MOVES = (0x01, 0x02, 0x03, 0x07, 0x08, 0x09), (0x04, 0x05, 0x06), (0x03, 0x06, 0x09)
_RESULTS, _RETURNS, _THROW = (0x0A, 0x0B, 0x0C), range(0x0E, 0x12), 0x27
_TEXT, _LONG_TEXT, _NEW_ARRAY, _FILL = 0x1A, 0x1B, 0x23, 0x26
_FILLED, _FILLED_RANGE = 0x24, 0x25
_GOTOS, _SWITCHES, _IFS = range(0x28, 0x2B), (0x2B, 0x2C), range(0x32, 0x3E)
_APUTS, _IPUTS, _SGETS, _SPUTS = range(0x4B, 0x52), range(0x59, 0x60), range(0x60, 0x67), range(0x67, 0x6E)
_INVOKES, _RANGES = range(0x6E, 0x73), range(0x74, 0x79)
_WRITES_NOTHING = {
    *(0x00, 0x1D, 0x1E, 0x1F, _FILL, _FILLED, _FILLED_RANGE, _THROW, *_RETURNS, *_GOTOS, *_SWITCHES, *_IFS),
    *(*_APUTS, *_IPUTS, *_SPUTS, *_INVOKES, *_RANGES, *range(0xFA, 0xFE)),
}
_WRITES_PAIR = {
    *(*_WIDE_MOVES, 0x0B, 0x16, 0x17, 0x18, 0x19, 0x45, 0x53, 0x61, 0x7D, 0x7E, 0x80, 0x81, 0x83, 0x86, 0x88, 0x89),
    *(0x8B, *range(0x9B, 0xA6), *range(0xAB, 0xB0), *range(0xBB, 0xC6), *range(0xCB, 0xD0)),
}
_FOUR_BIT = frozenset(
    (0x01, 0x04, 0x07, 0x12, 0x20, 0x21, 0x23, *range(0x52, 0x60), *range(0x7B, 0x90), *range(0xB0, 0xD8))
)
_CONSTANTS = {  # opcode: (code units of the number, bits to shift it by)
    0x13: (1, 0),
    0x14: (2, 0),
    0x15: (1, 16),
    0x16: (1, 0),
    0x17: (2, 0),
    0x18: (4, 0),
    0x19: (1, 48),
}

_OF_TEXT = frozenset({"getBytes", "toCharArray", "toByteArray", "decode", "encodeToByteArray"})
"""Methods that make bytes or characters of a text: of a constant text, constant ones."""
_HARMLESS = ("Lkotlin/jvm/internal/Intrinsics;", "Ljavax/crypto/spec/", "Ljava/lang/String;", "Landroid/util/Base64;")
"""Owners of methods that do not write into an array they are given."""

Constant = tuple[str, object]
"""("text", str), ("number", int), ("zeros", unit offset) or ("bytes", unit offset): the last two are arrays."""
Values = frozenset[Constant]
State = dict[int, Values]
"""Register to values; unknown is absent. Register `_RESULT` is what the last call or array left to be fetched."""
_RESULT = -1


class Call(NamedTuple):
    """One call: the method, and for each argument the constants that reach it, None where that is unknown."""

    method: int
    arguments: tuple[Values | None, ...]


class Flow:
    """The flow through one method, followed when made; raises `MalformedDex`.

    `calls` are those of `wanted` methods by unit offset; `stored` is what the method puts into static fields. `static`
    says what a static field holds.
    """

    def __init__(self, dex: Dex, code: Code, wanted: Collection[int], static: Callable[[int], Values | None]) -> None:
        self.calls: dict[int, Call] = {}
        self.stored: dict[int, Values | None] = {}
        self._dex, self._wanted, self._static = dex, wanted, static
        self._units: list[int] = code.units.tolist()
        instructions = list(walk(self._units))
        if len(self._units) <= MOST_UNITS and self._follow(instructions, code.handlers):
            return
        self.stored.clear()
        for at, op in instructions:
            if (op in _INVOKES or op in _RANGES) and self._units[at + 1] in wanted:
                size = len(self._slots(self._units[at + 1], static=op in (0x71, 0x77)))
                self.calls[at] = Call(self._units[at + 1], (None,) * size)

    def _follow(self, instructions: list[tuple[int, int]], handlers: tuple[int, ...]) -> bool:
        """Work until nothing changes and return True; False where that takes too long."""
        after = dict(pairwise([*(at for at, _ in instructions), len(self._units)]))
        opcode = dict(instructions)
        jumps = {at: self._targets(at, op) for at, op in instructions}
        leaders = {0, *handlers} | {target for targets in jumps.values() for target in targets}
        entry: dict[int, State] = {start: {} for start in (0, *handlers)}
        work, steps = [start for start in entry if start in opcode], 0
        while work:
            at = work.pop()
            state = dict(entry[at])
            while True:
                steps += 1
                if steps > _MOST_STEPS:
                    return False
                self._step(state, at, opcode[at])
                following = list(jumps[at])
                if not (opcode[at] in _GOTOS or opcode[at] in _RETURNS or opcode[at] == _THROW):
                    following.append(after[at])
                if len(following) != 1 or following[0] in leaders:
                    break
                at = following[0]
                if at not in opcode:
                    break
            work += [target for target in following if target in opcode and _join(entry, target, state)]
        return True

    def _targets(self, at: int, op: int) -> list[int]:
        units = self._units
        if op == 0x28:
            return [at + _signed(units[at] >> 8, 8)]
        if op in (0x29, *range(0x38, 0x3E)) or op in range(0x32, 0x38):
            return [at + _signed(units[at + 1], 16)]
        if op == 0x2A:
            return [at + _signed(units[at + 1] | units[at + 2] << 16, 32)]
        if op in _SWITCHES:
            return self._cases(at)
        return []

    def _cases(self, at: int) -> list[int]:
        table = at + _signed(self._units[at + 1] | self._units[at + 2] << 16, 32)
        if not 0 <= table < len(self._units) - 1 or self._units[table] not in (_PACKED, _SPARSE):
            raise MalformedDex(why=Text("有 switch 没有跳转表", "a switch has no table"))
        size = self._units[table + 1]
        begin = table + (4 if self._units[table] == _PACKED else 2 + 2 * size)
        words = self._units[begin : begin + 2 * size]
        return [at + _signed(low | high << 16, 32) for low, high in zip(words[::2], words[1::2], strict=False)]

    def _step(self, state: State, at: int, op: int) -> None:
        """Change `state` by the instruction at `at`."""
        units, first = self._units, self._units[at]
        if op in _WRITES_NOTHING:
            if op in _INVOKES or op in _RANGES:
                self._call(state, at, op)
            elif op in _APUTS:
                self._put(state, array=units[at + 1] & 0xFF, value=first >> 8)
            elif op in _IPUTS or op in _SPUTS:
                self._store(state, at, op)
            elif op == _FILL:
                _replace(state, first >> 8, filled=True)
            elif op in (_FILLED, _FILLED_RANGE):
                known = all(register in state for register in _registers(units, at, op))
                _set(state, _RESULT, frozenset({("bytes", at)}) if known else None)
            return
        target = units[at + 1] if op in _LONG_MOVES else first >> 8 & (0xF if op in _FOUR_BIT else 0xFF)
        values = self._value(state, at, op)
        if op in _WRITES_PAIR:
            state.pop(target + 1, None)
        _set(state, target, values)

    def _value(self, state: State, at: int, op: int) -> Values | None:
        """Return what the instruction at `at` writes, None where that is unknown."""
        units, first = self._units, self._units[at]
        if op in _MOVES or op in _WIDE_MOVES:
            short = op in _FOUR_BIT
            return state.get(first >> 12 if short else units[at + 2 if op in _LONG_MOVES else at + 1])
        if op in _RESULTS:
            return state.pop(_RESULT, None)
        if op == 0x12:
            return frozenset({("number", _signed(first >> 12, 4))})
        if op in _CONSTANTS:
            count, shift = _CONSTANTS[op]
            number = sum(units[at + 1 + i] << 16 * i for i in range(count))
            return frozenset({("number", _signed(number, 16 * count) << shift)})
        if op in (_TEXT, _LONG_TEXT):
            index = units[at + 1] | (units[at + 2] << 16 if op == _LONG_TEXT else 0)
            return frozenset({("text", self._dex.string(index))})
        if op == _NEW_ARRAY:
            return frozenset({("zeros", at)})
        return self._static(units[at + 1]) if op in _SGETS else None

    def _call(self, state: State, at: int, op: int) -> None:
        method, registers = self._units[at + 1], _registers(self._units, at, op)
        slots = self._slots(method, static=op in (0x71, 0x77))
        arguments = tuple(state.get(registers[slot]) if slot < len(registers) else None for slot in slots)
        if method in self._wanted:
            self.calls[at] = Call(method, arguments)
        owner, name, _ = self._dex.method(method)
        made = None
        if name in _OF_TEXT and any(_is_text(values) for values in arguments[:2]):
            made = frozenset({("bytes", at)})
        if not owner.startswith(_HARMLESS):
            for register in registers:
                _replace(state, register, filled=False)
        _set(state, _RESULT, made)

    def _slots(self, method: int, *, static: bool) -> list[int]:
        """Return where each argument begins among a call's registers; long and double take two."""
        _, _, signature = self._dex.method(method)
        slots, at = ([] if static else [0]), (0 if static else 1)
        for kind in re.findall(r"\[*(?:L[^;]*;|[A-Z])", signature[: signature.index(")")]):
            slots.append(at)
            at += 2 if kind in ("J", "D") else 1
        return slots

    def _put(self, state: State, array: int, value: int) -> None:
        """An element is written: a constant one fills the array, any other makes it unknown."""
        _replace(state, array, filled=value in state)

    def _store(self, state: State, at: int, op: int) -> None:
        """A field takes a value: after that, others can write into an array."""
        register = self._units[at] >> 8 & (0xF if op in _IPUTS else 0xFF)
        if op in _SPUTS:
            field, values = self._units[at + 1], state.get(register)
            before = self.stored.get(field, frozenset())
            self.stored[field] = None if values is None or before is None else values | before
        _replace(state, register, filled=False)


def walk(units: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (unit offset, opcode) of the instructions in order, tables left out; raises `MalformedDex`."""
    at = 0
    while at < len(units):
        unit = units[at]
        width = _table_size(units, at) if unit in (_PACKED, _SPARSE, _ARRAY) else _WIDTHS[unit & 0xFF]
        if at + width > len(units):
            raise MalformedDex(why=Text("有指令残缺", "an instruction is cut off"))
        if unit not in (_PACKED, _SPARSE, _ARRAY):
            yield at, unit & 0xFF
        at += width


def _table_size(units: list[int], at: int) -> int:
    words = [*units[at + 1 : at + 4], 0, 0, 0]
    if units[at] == _ARRAY:
        return (words[0] * (words[1] | words[2] << 16) + 1) // 2 + 4
    return words[0] * 2 + 4 if units[at] == _PACKED else words[0] * 4 + 2


def _registers(units: list[int], at: int, op: int) -> list[int]:
    """Return the registers that a call or a filled array names."""
    if op in _RANGES or op == _FILLED_RANGE:
        return list(range(units[at + 2], units[at + 2] + (units[at] >> 8)))
    word = units[at + 2]
    named = [word & 0xF, word >> 4 & 0xF, word >> 8 & 0xF, word >> 12, units[at] >> 8 & 0xF]
    return named[: units[at] >> 12]


def _replace(state: State, register: int, *, filled: bool) -> None:
    """Every register that holds an array of `register` sees it filled with constants, or no longer known."""
    arrays = {value[1] for value in state.get(register, ()) if value[0] in ("zeros", "bytes")}
    if not arrays:
        return
    for name, values in list(state.items()):
        if any(kind in ("zeros", "bytes") and made in arrays for kind, made in values):
            if filled:
                state[name] = frozenset(
                    ("bytes", made) if kind == "zeros" and made in arrays else (kind, made) for kind, made in values
                )
            else:
                del state[name]


def _join(entry: dict[int, State], target: int, state: State) -> bool:
    """Merge `state` into what is known at `target`; return whether that changed anything."""
    if target not in entry:
        entry[target] = dict(state)
        return True
    known, changed = entry[target], False
    for register in list(known):
        both = known[register] | state[register] if register in state else None
        if both is None or len(both) > _MOST_VALUES:
            del known[register]
            changed = True
        elif both != known[register]:
            known[register] = both
            changed = True
    return changed


def _set(state: State, register: int, values: Values | None) -> None:
    if values is None:
        state.pop(register, None)
    else:
        state[register] = values


def _is_text(values: Values | None) -> bool:
    return bool(values) and all(kind == "text" for kind, _ in values or ())


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) & 1 else number
