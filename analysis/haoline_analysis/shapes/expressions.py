"""Dim names that are arithmetic, such as ``past + seq`` or ``((seq + 7)//8) + 1``, evaluated safely."""

from __future__ import annotations

import ast
import math
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LENGTH = 256
MAX_SIZE = 1 << 62
MAX_EXPONENT = 62

_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
}
_CALLS: dict[str, Callable[..., int]] = {
    "max": max,
    "min": min,
    "floor": lambda number: number,
    "mod": operator.mod,
    "floordiv": operator.floordiv,
    "ceildiv": lambda number, by: -(-number // by),
    "cleandiv": operator.floordiv,
    "abs": abs,
}


_ARITHMETIC = re.compile(r"[\w\s+\-*/%(),]+")
_BAD_NUMBER = re.compile(r"(?<!\w)\d+[^\W\d]")  # 1a, 0x1: Python would warn about some of them


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr | None:
    if len(text) > MAX_LENGTH or not _ARITHMETIC.fullmatch(text) or _BAD_NUMBER.search(text):
        return None
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=4096)
def free_names(text: str) -> tuple[str, ...]:
    """The names an expression is made of; () where it is none, or is a lone name."""
    tree = _parse(text)
    if tree is None or isinstance(tree, ast.Name):
        return ()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return tuple(dict.fromkeys(names))


def evaluate_expression(text: str, sizes: Mapping[str, int]) -> int | None:
    """The size of a dim expression under ``sizes``; None where it cannot be told."""
    tree = _parse(text)
    if tree is None:
        return None
    try:
        result = _evaluate(tree, sizes)
    except (KeyError, ZeroDivisionError, TypeError, RecursionError):
        return None
    return result if 0 <= result <= MAX_SIZE else None


def _evaluate(node: ast.expr, sizes: Mapping[str, int]) -> int:
    """Evaluate one node; KeyError stands for anything that is no arithmetic on known names."""
    match node:
        case ast.Constant(value=int(number)):
            result = int(number)
        case ast.Name(id=name):
            result = sizes[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -_evaluate(operand, sizes)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            result = _power(_evaluate(left, sizes), _evaluate(right, sizes))
        case ast.BinOp(left=left, op=op, right=right):
            result = _BINARY[type(op)](_evaluate(left, sizes), _evaluate(right, sizes))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            result = _call(name.lower(), args, sizes)
        case _:
            raise KeyError(type(node).__name__)
    if abs(result) > MAX_SIZE:
        raise KeyError("overflow")
    return result


def _call(name: str, args: list[ast.expr], sizes: Mapping[str, int]) -> int:
    if name in {"ceil", "ceiling"} and len(args) == 1 and isinstance(args[0], ast.BinOp):
        quotient = args[0]
        if isinstance(quotient.op, ast.Div):
            return -(-_evaluate(quotient.left, sizes) // _evaluate(quotient.right, sizes))
    if name in {"ceil", "ceiling", "int", "trunc"}:
        name = "floor"
    return _CALLS[name](*(_evaluate(arg, sizes) for arg in args))


def _power(base: int, exponent: int) -> int:
    if not 0 <= exponent <= MAX_EXPONENT or (abs(base) > 1 and exponent * math.log2(abs(base)) > MAX_EXPONENT):
        raise KeyError("exponent out of bounds")
    return int(base**exponent)
