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
from haoline_analysis.formats.torch.pickles.opcodes import MARK, STOP, effects
from haoline_analysis.formats.torch.pickles.values import Built, Global, Pairs, Persistent

if TYPE_CHECKING:
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


def scan(buf: Buffer, start: int = 0, stop: int | None = None) -> Pickle:
    """Walk the pickle that starts at ``start``, up to its STOP.

    Raises:
        MalformedModelError: if it is cut short or breaks the machine's rules; the message says what it would have
            imported before that.
        LimitError: if it has more opcodes than ``MAX_OPCODES``.
    """
    machine = Machine(Cursor(buf, start, len(buf) if stop is None else stop))
    try:
        return machine.run()
    except MalformedModelError as error:
        raise MalformedModelError(f"{error}{machine.imported()}") from error


class Machine:
    """Stack, memo and what was met on the way."""

    def __init__(self, cursor: Cursor) -> None:
        """Start with nothing."""
        self.cursor = cursor
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.found = Pickle(None, 0, 0, 0)

    def run(self) -> Pickle:
        """Walk to STOP."""
        cursor, stack = self.cursor, self.stack
        table = effects(self)
        for count in range(MAX_OPCODES):
            code = cursor.code()
            if code == STOP:
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
        """Take the value on top."""
        if not self.stack or self.stack[-1] is MARK:
            raise MalformedModelError(f"the pickle takes from an empty stack at {self.cursor.pos - 1}")
        return self.stack.pop()

    def top(self) -> Any:
        """The value on top, which stays."""
        if not self.stack or self.stack[-1] is MARK:
            raise MalformedModelError(f"the pickle looks at an empty stack at {self.cursor.pos - 1}")
        return self.stack[-1]

    def marked(self) -> list[Any]:
        """Take what lies above the last mark, and the mark."""
        stack = self.stack
        place = len(stack) - 1
        while place >= 0 and stack[place] is not MARK:
            place -= 1
        if place < 0:
            raise MalformedModelError(f"the pickle looks for a mark that is not there at {self.cursor.pos - 1}")
        items = stack[place + 1 :]
        del stack[place:]
        return items

    def get(self, number: int) -> tuple[Any]:
        """A value kept before, to push."""
        if number not in self.memo:
            raise MalformedModelError(f"the pickle asks for memo {number}, which it never kept")
        return (self.memo[number],)

    def put(self, number: int) -> None:
        """Keep the value on top."""
        self.memo[number] = self.top()

    def drop(self) -> None:
        """Take what is on top, a mark too."""
        if not self.stack:
            raise MalformedModelError(f"the pickle takes from an empty stack at {self.cursor.pos - 1}")
        self.stack.pop()

    # Containers

    def append(self, items: list[Any]) -> None:
        """Append to the list or object on top."""
        target = self.top()
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Built):
            target.elements.extend(items)
        else:
            raise MalformedModelError(f"the pickle appends to what is no list at {self.cursor.pos - 1}")

    def set_items(self, items: list[Any]) -> None:
        """Set keys and values, in turn, of the dict or object on top."""
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
        """Set one key."""
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def dict_of(self) -> tuple[Any]:
        """A dict of what lies above the mark."""
        items = self.marked()
        return (Pairs(list(zip(items[::2], items[1::2], strict=False))),)

    def tuple_of(self, count: int) -> tuple[Any]:
        """A tuple of the values on top."""
        items = [self.pop() for _ in range(count)]
        return (tuple(items[::-1]),)

    # Imports and calls

    def imports(self, module: Any, name: Any) -> Global:
        """A global; its name may be no text, which hides it."""
        known = isinstance(module, str) and isinstance(name, str)
        made = Global(module if known else "?", name if known else "?", self.cursor.pos - 1)
        self.found.globals.append(made)
        return made

    def stack_global(self) -> tuple[Any]:
        """A global named on the stack."""
        name, module = self.pop(), self.pop()
        return (self.imports(module, name),)

    def global_line(self) -> Global:
        """A global named in two lines."""
        module = self.cursor.line()
        return self.imports(module, self.cursor.line())

    def extension(self, width: int) -> tuple[Any]:
        """A global by its number in copyreg's registry."""
        return (self.imports("copyreg", f"extension {self.cursor.unsigned(width)}"),)

    def call(self, callee: Any, arguments: Any) -> tuple[Any]:
        """The result of a call."""
        given = arguments if isinstance(arguments, tuple) else (arguments,)  # never a copy: it may come again and again
        made = Built(callee, given, self.cursor.pos - 1)
        self.found.calls.append(made)
        return (made,)

    def outside(self, key: Any) -> tuple[Any]:
        """An object that the reader of the pickle is to supply."""
        source = _class_with_source(key)
        if source is not None:
            return (source,)
        made = Persistent(key)
        self.found.persistent.append(made)
        return (made,)

    def reduce(self) -> tuple[Any]:
        """Call what lies below its arguments."""
        arguments = self.pop()
        return self.call(self.pop(), arguments)

    def new_ex(self) -> tuple[Any]:
        """Make an object with keyword arguments."""
        keywords, arguments = self.pop(), self.pop()
        return self.call(self.pop(), (arguments, keywords))

    def inst(self) -> tuple[Any]:
        """Make an object of a class named in two lines."""
        made = self.global_line()
        return self.call(made, tuple(self.marked()))

    def obj(self) -> tuple[Any]:
        """Make an object of what lies above the mark, its class first."""
        items = self.marked()
        if not items:
            raise MalformedModelError(f"the pickle makes an object of no class at {self.cursor.pos - 1}")
        return self.call(items[0], tuple(items[1:]))

    def build(self) -> None:
        """Give the object on top its state."""
        state = self.pop()
        target = self.top()
        if isinstance(target, Built):
            target.state = state

    def protocol(self) -> None:
        """Note the protocol."""
        number = self.cursor.unsigned(1)
        if number > HIGHEST_PROTOCOL:
            raise MalformedModelError(
                f"the pickle is of protocol {number}; the highest there is, is {HIGHEST_PROTOCOL}"
            )
        self.found.protocol = number


def _class_with_source(key: Any) -> Global | None:
    """The class in ``("module", class, file, source)`` or ``(class, file, source)``, as old files kept modules."""
    parts = key[1:] if isinstance(key, tuple) and key[:1] == ("module",) else key
    return parts[0] if isinstance(parts, tuple) and len(parts) == 3 and isinstance(parts[0], Global) else None
