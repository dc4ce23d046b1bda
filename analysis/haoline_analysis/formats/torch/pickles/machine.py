"""The pickle machine, run on records in place of objects: every opcode has its effect on the stack, none on the world.

Semantics of the opcodes: the documentation in CPython's ``pickletools``. Bounds: opcodes are counted, a stack or memo
entry costs at least one byte of the file, and nothing is ever copied or compared, so memory and time are linear in
the number of opcodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.torch.pickles.cursor import Cursor
from haoline_analysis.formats.torch.pickles.values import Built, Global, Pairs, Persistent

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.formats.storage import Buffer

MAX_OPCODES = 8_000_000
"""Opcodes looked at; a checkpoint of a thousand tensors has about 40,000."""

HIGHEST_PROTOCOL = 5


@dataclass(slots=True, eq=False)
class Pickle:
    """A pickle that has been walked to its end."""

    value: Any
    stop: int  # position after STOP
    protocol: int
    opcodes: int
    globals: list[Global] = field(default_factory=list)  # in the order of the file
    calls: list[Built] = field(default_factory=list)  # likewise: all that would be called
    persistent: list[Persistent] = field(default_factory=list)  # likewise


class _Mark:
    """What MARK pushes."""


_MARK = _Mark()


def scan(buf: Buffer, start: int = 0, stop: int | None = None) -> Pickle:
    """Walk the pickle that starts at ``start``, up to its STOP.

    Raises:
        MalformedModelError: if it is cut short or breaks the machine's rules; the message says what it would have
            imported before that.
        LimitError: if it has more opcodes than ``MAX_OPCODES``.
    """
    machine = _Machine(Cursor(buf, start, len(buf) if stop is None else stop))
    try:
        return machine.run()
    except MalformedModelError as error:
        raise MalformedModelError(f"{error}{machine.imported()}") from error


class _Machine:
    """Stack, memo and what was met on the way."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.found = Pickle(None, 0, 0, 0)

    def run(self) -> Pickle:
        cursor, stack = self.cursor, self.stack
        table = _table(self)
        for count in range(MAX_OPCODES):
            code = cursor.code()
            if code == _STOP:
                self.found.value, self.found.stop, self.found.opcodes = self.pop(), cursor.pos, count + 1
                return self.found
            effect = table[code]
            if effect is None:
                raise MalformedModelError(f"not a pickle: byte {code:#04x} at {cursor.pos - 1} is no opcode")
            value = effect()
            if value is not None:
                stack.append(value[0])
        raise LimitError(f"the pickle has more than {MAX_OPCODES:,} opcodes")

    def imported(self) -> str:
        """What was imported before it broke, for the message."""
        names = list(dict.fromkeys(item.path for item in self.found.globals))
        return f"; before that it would import {', '.join(names[:5])}" if names else ""

    # Stack and memo

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise MalformedModelError(f"the pickle takes from an empty stack at {self.cursor.pos - 1}")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise MalformedModelError(f"the pickle looks at an empty stack at {self.cursor.pos - 1}")
        return self.stack[-1]

    def marked(self) -> list[Any]:
        """Take what lies above the last mark, and the mark."""
        stack = self.stack
        place = len(stack) - 1
        while place >= 0 and stack[place] is not _MARK:
            place -= 1
        if place < 0:
            raise MalformedModelError(f"the pickle looks for a mark that is not there at {self.cursor.pos - 1}")
        items = stack[place + 1 :]
        del stack[place:]
        return items

    def get(self, number: int) -> tuple[Any]:
        if number not in self.memo:
            raise MalformedModelError(f"the pickle asks for memo {number}, which it never kept")
        return (self.memo[number],)

    def put(self, number: int) -> None:
        self.memo[number] = self.top()

    def drop(self) -> None:
        if not self.stack:
            raise MalformedModelError(f"the pickle takes from an empty stack at {self.cursor.pos - 1}")
        self.stack.pop()

    # Containers

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Built):
            target.elements.extend(items)
        else:
            raise MalformedModelError(f"the pickle appends to what is no list at {self.cursor.pos - 1}")

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if len(items) % 2:
            raise MalformedModelError(f"the pickle sets a key without a value at {self.cursor.pos - 1}")
        pairs = list(zip(items[::2], items[1::2], strict=True))
        if isinstance(target, Pairs):
            target.items.extend(pairs)
        elif isinstance(target, Built):
            target.pairs.extend(pairs)
        else:
            raise MalformedModelError(f"the pickle sets items of what is no dict at {self.cursor.pos - 1}")

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def dict_of(self) -> tuple[Any]:
        items = self.marked()
        return (Pairs(list(zip(items[::2], items[1::2], strict=False))),)

    def tuple_of(self, count: int) -> tuple[Any]:
        items = [self.pop() for _ in range(count)]
        return (tuple(items[::-1]),)

    # Imports and calls

    def imports(self, module: Any, name: Any) -> Global:
        known = isinstance(module, str) and isinstance(name, str)
        made = Global(module if known else "?", name if known else "?", self.cursor.pos - 1)
        self.found.globals.append(made)
        return made

    def stack_global(self) -> tuple[Any]:
        name, module = self.pop(), self.pop()
        return (self.imports(module, name),)

    def global_line(self) -> Global:
        module = self.cursor.line()
        return self.imports(module, self.cursor.line())

    def extension(self, width: int) -> tuple[Any]:
        return (self.imports("copyreg", f"extension {self.cursor.unsigned(width)}"),)

    def call(self, callee: Any, arguments: Any) -> tuple[Any]:
        given = arguments if isinstance(arguments, tuple) else (arguments,)  # never a copy: it may come again and again
        made = Built(callee, given, self.cursor.pos - 1)
        self.found.calls.append(made)
        return (made,)

    def outside(self, key: Any) -> tuple[Any]:
        made = Persistent(key)
        self.found.persistent.append(made)
        return (made,)

    def reduce(self) -> tuple[Any]:
        arguments = self.pop()
        return self.call(self.pop(), arguments)

    def new_ex(self) -> tuple[Any]:
        keywords, arguments = self.pop(), self.pop()
        return self.call(self.pop(), (arguments, keywords))

    def inst(self) -> tuple[Any]:
        made = self.global_line()
        return self.call(made, tuple(self.marked()))

    def obj(self) -> tuple[Any]:
        items = self.marked()
        if not items:
            raise MalformedModelError(f"the pickle makes an object of no class at {self.cursor.pos - 1}")
        return self.call(items[0], tuple(items[1:]))

    def build(self) -> None:
        state = self.pop()
        target = self.top()
        if isinstance(target, Built):
            target.state = state

    def protocol(self) -> None:
        number = self.cursor.unsigned(1)
        if number > HIGHEST_PROTOCOL:
            raise MalformedModelError(
                f"the pickle is of protocol {number}; the highest there is, is {HIGHEST_PROTOCOL}"
            )
        self.found.protocol = number


_STOP = ord(".")


def _number(line: str, position: int) -> Any:
    """The value of INT or LONG in text form."""
    if line in {"00", "01"}:
        return line == "01"
    try:
        return int(line.removesuffix("L"))
    except ValueError as error:
        raise MalformedModelError(f"the pickle has no integer where it says so at {position}") from error


def _float(line: str, position: int) -> float:
    try:
        return float(line)
    except ValueError as error:
        raise MalformedModelError(f"the pickle has no number where it says so at {position}") from error


def _table(machine: _Machine) -> list[Callable[[], Any] | None]:
    """The effect of every byte: None or, in a tuple of one, what to push."""
    table: list[Callable[[], Any] | None] = [None] * 256
    for effects in (_scalars(machine), _texts(machine), _places(machine), _containers(machine), _objects(machine)):
        for code, effect in effects.items():
            table[code] = effect
    return table


_Effects = dict[int, "Callable[[], Any]"]


def _scalars(machine: _Machine) -> _Effects:
    read = machine.cursor
    return {
        ord("N"): lambda: (None,),
        0x88: lambda: (True,),
        0x89: lambda: (False,),
        ord("I"): lambda: (_number(read.line(), read.pos),),
        ord("L"): lambda: (_number(read.line(), read.pos),),
        ord("J"): lambda: (read.signed(4),),
        ord("K"): lambda: (read.unsigned(1),),
        ord("M"): lambda: (read.unsigned(2),),
        0x8A: lambda: (read.integer(1),),
        0x8B: lambda: (read.integer(4),),
        ord("F"): lambda: (_float(read.line(), read.pos),),
        ord("G"): lambda: (read.real(),),
    }


def _texts(machine: _Machine) -> _Effects:
    read = machine.cursor
    return {
        ord("S"): lambda: (read.line().strip("'\""),),
        ord("V"): lambda: (read.line(),),
        ord("T"): lambda: (read.text(4),),
        ord("U"): lambda: (read.text(1),),
        ord("X"): lambda: (read.text(4),),
        0x8C: lambda: (read.text(1),),
        0x8D: lambda: (read.text(8),),
        ord("B"): lambda: (read.counted(4),),
        ord("C"): lambda: (read.counted(1),),
        0x8E: lambda: (read.counted(8),),
        0x96: lambda: (read.counted(8),),
        0x97: lambda: (Persistent("buffer"),),
        0x98: lambda: None,
    }


def _places(machine: _Machine) -> _Effects:
    read = machine.cursor
    return {
        0x80: machine.protocol,
        0x95: lambda: _nothing(read.take(8)),  # FRAME: a hint for reading ahead
        ord("("): lambda: (_MARK,),
        ord("0"): machine.drop,
        ord("1"): lambda: _nothing(machine.marked()),
        ord("2"): lambda: (machine.top(),),
        ord("g"): lambda: machine.get(_number(read.line(), read.pos)),
        ord("h"): lambda: machine.get(read.unsigned(1)),
        ord("j"): lambda: machine.get(read.unsigned(4)),
        ord("p"): lambda: machine.put(_number(read.line(), read.pos)),
        ord("q"): lambda: machine.put(read.unsigned(1)),
        ord("r"): lambda: machine.put(read.unsigned(4)),
        0x94: lambda: machine.put(len(machine.memo)),
    }


def _containers(machine: _Machine) -> _Effects:
    return {
        ord("]"): lambda: ([],),
        ord("}"): lambda: (Pairs(),),
        ord(")"): lambda: ((),),
        0x8F: lambda: ([],),
        ord("l"): lambda: (machine.marked(),),
        ord("d"): machine.dict_of,
        ord("t"): lambda: (tuple(machine.marked()),),
        0x85: lambda: machine.tuple_of(1),
        0x86: lambda: machine.tuple_of(2),
        0x87: lambda: machine.tuple_of(3),
        ord("a"): lambda: machine.append([machine.pop()]),
        ord("e"): lambda: machine.append(machine.marked()),
        0x90: lambda: machine.append(machine.marked()),
        0x91: lambda: (machine.marked(),),
        ord("s"): machine.set_item,
        ord("u"): lambda: machine.set_items(machine.marked()),
    }


def _objects(machine: _Machine) -> _Effects:
    read = machine.cursor
    return {
        ord("c"): lambda: (machine.global_line(),),
        0x93: machine.stack_global,
        0x82: lambda: machine.extension(1),
        0x83: lambda: machine.extension(2),
        0x84: lambda: machine.extension(4),
        ord("P"): lambda: machine.outside(read.line()),
        ord("Q"): lambda: machine.outside(machine.pop()),
        ord("R"): machine.reduce,
        0x81: machine.reduce,  # NEWOBJ: the class made with these arguments
        0x92: machine.new_ex,
        ord("i"): machine.inst,
        ord("o"): machine.obj,
        ord("b"): machine.build,
    }


def _nothing(_: Any) -> None:
    """Push nothing."""
