"""Symbolic sizes of exported programs as text: sympy's ``srepr`` taken apart, never evaluated."""

from __future__ import annotations

import ast
import re
from typing import Any

MAX_SIZE = 1 << 40
MAX_TEXT = 2000
"""Characters of an expression that is looked at."""

_WHOLE = re.compile(r"-?[0-9]{1,2000}")
_JOINS = {"Add": " + ", "Mul": "*"}
_DIVIDES = frozenset({"FloorDiv", "CleanDiv", "IntTrueDiv"})
_CHOOSES = {"Max": "max", "Min": "min"}
_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}


def expression(text: str) -> str | int | None:
    """A dimension: a size, or an expression of symbols such as ``"2*s0 + 1"``; None where it cannot be told.

    Both forms that exporters have written are understood: ``Add(Symbol('s0'), Integer(1))`` and ``s0 + 1``.
    """
    if len(text) > MAX_TEXT:
        return None
    try:
        made = _text(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, _UnknownError):
        return None
    made = _bare(made)
    return int(made) if _WHOLE.fullmatch(made) else made


class _UnknownError(Exception):
    """Something that is no arithmetic of symbols."""


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return str(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_text(node.operand)}"
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return f"({_text(node.left)} {_SIGNS[type(node.op)]} {_text(node.right)})"
    raise _UnknownError


def _call(name: str, arguments: list[ast.expr]) -> str:
    if name == "Symbol" and arguments and isinstance(arguments[0], ast.Constant):
        symbol = str(arguments[0].value)
        if symbol.isidentifier():
            return symbol
        raise _UnknownError
    parts = [_text(item) for item in arguments]
    if name == "Integer" and len(parts) == 1:
        return parts[0]
    if name in _JOINS:
        return f"({_JOINS[name].join(parts)})"
    if name in _CHOOSES:
        return f"{_CHOOSES[name]}({', '.join(parts)})"
    if len(parts) == 2 and (name in _DIVIDES or name in {"Mod", "PythonMod"}):
        return f"({parts[0]} {'//' if name in _DIVIDES else '%'} {parts[1]})"
    raise _UnknownError


def _bare(text: str) -> str:
    """Without the brackets around the whole."""
    if not text.startswith("("):
        return text
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 else text
    return text


def size(value: Any) -> str | int | None:
    """A dimension as the file writes it: ``{"as_int": 4}`` or ``{"as_expr": {"expr_str": "…"}}``."""
    if not isinstance(value, dict):
        return None
    number = value.get("as_int")
    if isinstance(number, int) and 0 <= number < MAX_SIZE:
        return number
    inner = value.get("as_expr")
    text = inner.get("expr_str") if isinstance(inner, dict) else None
    made = expression(text) if isinstance(text, str) else None
    return made if isinstance(made, str) or (made is not None and 0 <= made < MAX_SIZE) else None
