"""The faults that are planted: each is a small change that a tired programmer might make."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_IDENTITIES = frozenset({"abs", "round", "list", "tuple", "frozenset", "set"})
_STATEMENTS = (ast.Expr, ast.Continue, ast.Break, ast.AugAssign, ast.Raise)
_DROPPED_FROM: tuple[tuple[type[ast.AST] | tuple[type[ast.AST], ...], str], ...] = (
    ((ast.Tuple, ast.List, ast.Set), "elts"),
    ((ast.Dict, ast.BoolOp), "values"),
    (ast.Call, "keywords"),
    (ast.comprehension, "ifs"),
)
# Where nothing runs that a test could see.
_TYPES = frozenset({"annotation", "returns", "decorator_list", "bases", "type_params"})

_Change = tuple[str, ast.AST | None]


def mutants_of(tree: ast.Module, groups: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """Change a tree in place, one fault at a time, and put it right again.

    Args:
        tree: Of a module; while the caller has control it has the fault.
        groups: Names that stand in each other's place.

    Yields:
        The line and what was done.
    """
    for parent, name, value in list(_fields(tree)):
        if isinstance(value, list):
            yield from _in_list(parent, name, value, groups)
        elif isinstance(value, ast.AST):
            for operator, changed in _changes(value, parent, groups):
                setattr(parent, name, changed)
                yield _line(value, parent), operator
                setattr(parent, name, value)


def _fields(node: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    for name, value in ast.iter_fields(node):
        if name in _TYPES:
            continue
        yield node, name, value
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _fields(child)


def _in_list(
    parent: ast.AST, name: str, items: list[object], groups: Sequence[Sequence[str]]
) -> Iterator[tuple[int, str]]:
    for index, item in enumerate(items):
        if not isinstance(item, ast.AST):
            continue
        for operator, changed in _changes(item, parent, groups):
            items[index] = changed
            yield _line(item, parent), operator
            items[index] = item
        if _may_be_dropped(parent, name, item, is_last=index == len(items) - 1):
            items[index : index + 1] = [ast.Pass()] if isinstance(item, ast.stmt) else []
            keys = parent.keys if isinstance(parent, ast.Dict) else None
            key = keys.pop(index) if keys else None
            yield _line(item, parent), "left out"
            items[index : index + (1 if isinstance(item, ast.stmt) else 0)] = [item]
            if keys is not None:
                keys.insert(index, key)


def _may_be_dropped(parent: ast.AST, name: str, item: ast.AST, *, is_last: bool) -> bool:
    for kinds, field in _DROPPED_FROM:
        if isinstance(parent, kinds):
            return name == field and isinstance(getattr(parent, "ctx", None), ast.Load | None)
    if isinstance(parent, ast.Module | ast.ClassDef):
        return False
    match item:
        case ast.Expr(ast.Constant()):
            return False
        case ast.Assign([target], _):
            # Without its only assignment a name is missing, which everyone would notice.
            return not isinstance(parent, ast.FunctionDef) or not isinstance(target, ast.Name | ast.Tuple)
        case ast.Return():
            return not is_last
    return isinstance(item, _STATEMENTS)


def _line(node: ast.AST, parent: ast.AST) -> int:
    return getattr(node, "lineno", None) or getattr(parent, "lineno", 0)


def _changes(node: ast.AST, parent: ast.AST, groups: Sequence[Sequence[str]]) -> Iterable[_Change]:
    yield from _of_expression(node)
    yield from _of_constant(node, parent)
    yield from _of_call(node)
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from _of_name(node, groups)
    if isinstance(node, ast.If | ast.IfExp | ast.comprehension):
        yield from _of_condition(node)
    if isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", ast.Return(ast.Constant(None))


def _of_expression(node: ast.AST) -> Iterable[_Change]:
    match node:
        case ast.Compare(left, ops, comparators):
            for index, op in enumerate(ops):
                for other in _COMPARISONS[type(op)]:
                    yield (
                        "comparison",
                        ast.Compare(left, [*ops[:index], other(), *ops[index + 1 :]], comparators),
                    )
        case ast.BoolOp(op, values):
            yield "and, or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield "sign", operand
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            yield "arithmetic", ast.BinOp(left, _ARITHMETIC[type(op)](), right)
        case ast.IfExp(_, body, orelse):
            yield "one of two", body
            yield "one of two", orelse
        case ast.Starred(_, ctx):
            yield "nothing of many", ast.Starred(ast.Tuple([], ast.Load()), ctx)


def _of_constant(node: ast.AST, parent: ast.AST) -> Iterable[_Change]:
    match node:
        case ast.Constant(bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(int() as value):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Constant(str() as value) if not isinstance(parent, ast.Expr | ast.JoinedStr):
            yield "constant", ast.Constant(f"{value}~")
        case ast.Slice(lower, upper, step):
            bounds = lower, upper, step
            for index in (index for index, bound in enumerate(bounds) if bound is not None):
                yield "slice", ast.Slice(*(None if one == index else bounds[one] for one in range(3)))


def _of_call(node: ast.AST) -> Iterable[_Change]:
    match node:
        case ast.Call(ast.Name(name), args, keywords) if name in _FUNCTIONS:
            kept = keywords if name != "sorted" else []
            yield "function", ast.Call(ast.Name(_FUNCTIONS[name], ast.Load()), args, kept)
        case ast.Call(ast.Name(name), [one], []) if name in _IDENTITIES:
            yield "function left out", one


def _of_name(node: ast.Name | ast.Attribute, groups: Sequence[Sequence[str]]) -> Iterable[_Change]:
    name = node.id if isinstance(node, ast.Name) else node.attr
    for group in groups:
        for other in group if name in group else ():
            if other == name:
                continue
            if isinstance(node, ast.Name):
                yield "swap", ast.Name(other, node.ctx)
            else:
                yield "swap", ast.Attribute(node.value, other, node.ctx)


def _of_condition(node: ast.If | ast.IfExp | ast.comprehension) -> Iterable[_Change]:
    match node:
        case ast.If(_, body, orelse):
            yield "always", ast.If(ast.Constant(value=True), body, orelse)
            yield "never", ast.If(ast.Constant(value=False), body, orelse)
        case ast.comprehension(target, iter_, ifs, is_async) if ifs:
            yield "never", ast.comprehension(target, iter_, [ast.Constant(value=False)], is_async)
