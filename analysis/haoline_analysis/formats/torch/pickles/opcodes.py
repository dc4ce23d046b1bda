"""What each opcode of the pickle machine does to its stack and memo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.formats.torch.pickles.values import Pairs, Persistent

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.formats.torch.pickles.machine import Machine

STOP = ord(".")


class Mark:
    """What MARK pushes."""


MARK = Mark()


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


def effects(machine: Machine) -> list[Callable[[], Any] | None]:
    """The effect of every byte: None or, in a tuple of one, what to push."""
    table: list[Callable[[], Any] | None] = [None] * 256
    for part in (_scalars(machine), _texts(machine), _places(machine), _containers(machine), _objects(machine)):
        for code, effect in part.items():
            table[code] = effect
    return table


_Effects = dict[int, "Callable[[], Any]"]


def _scalars(machine: Machine) -> _Effects:
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


def _texts(machine: Machine) -> _Effects:
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


def _places(machine: Machine) -> _Effects:
    read = machine.cursor
    return {
        0x80: machine.protocol,
        0x95: lambda: _nothing(read.take(8)),  # FRAME: a hint for reading ahead
        ord("("): lambda: (MARK,),
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


def _containers(machine: Machine) -> _Effects:
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


def _objects(machine: Machine) -> _Effects:
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
