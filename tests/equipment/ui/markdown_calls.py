"""Which texts of the screens go into Streamlit's Markdown without the door, as far as the source tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LABEL, _BODY, _OPTIONS = ("label",), ("body", "title"), ("label", "options", "captions", "format_func")
TEXTS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("markdown", "caption", "info", "warning", "error", "success", "title", "header", "subheader",
                     "toast", "write", "badge"), _BODY),
    **dict.fromkeys(("button", "download_button", "link_button", "form_submit_button", "checkbox", "toggle",
                     "selectbox", "multiselect", "text_input", "text_area", "number_input", "date_input", "time_input",
                     "datetime_input", "file_uploader", "slider", "expander", "popover", "status"), _LABEL),
    **dict.fromkeys(("radio", "pills", "segmented_control", "select_slider", "menu_button"), _OPTIONS),
    "dialog": ("title",), "spinner": ("text",), "progress": ("value", "text"), "tabs": ("tabs",),
    "metric": ("label", "value", "delta"), "table": ("data",), "page_link": ("page", "label"),
}
"""Parameters that are Markdown, in the order in which they are given; ``help`` is everywhere."""
DOOR: Final = frozenset({"plain", "brief", "field_label", "value_line"})
NUMBERS: Final = frozenset({
    "len", "sum", "min", "max", "round", "int", "count", "number_of", "size", "size_of", "hours", "ago", "lasting",
    "shown_time", "last", "moment", "records", "stored_bytes", "isoformat", "now"})
"""Functions that give numbers, moments and counted things in words."""
_SPEC: Final = re.compile(r"^[,+]?(\.\d+)?[defg,%]$|^%[YBHdmM:%\s-]+|^,$|^,?\.\d+f$")
_NUMERIC: Final = frozenset({"int", "float", "bool", "date", "datetime", "timedelta"})


@dataclass
class _Scope:
    """What the names of a function stand for: every expression that is assigned to one."""

    given: dict[str, list[ast.expr | None]] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    """Those of the module, whose texts are followed."""
    modules: set[str] = field(default_factory=set)
    """What was imported besides Streamlit: ``words.title`` is no title of a page."""

    def inside(self, function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> _Scope:
        """Give the names as a function sees them."""
        scope = _Scope({**self.given}, self.functions, self.modules)
        for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]:
            numeric = argument.annotation is not None and ast.unparse(argument.annotation) in _NUMERIC
            scope.given[argument.arg] = [ast.Constant(0) if numeric else None]
        return scope if isinstance(function, ast.Lambda) else _scope_of(function.body, scope)

    def put(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(
                target.elts) else [None] * len(target.elts)
            for each, part in zip(target.elts, parts, strict=True):
                self.put(each, part)


def open_places(folder: Path) -> Iterator[str]:
    """Give ``file:function: source`` of each text that is neither constant, a number nor through the door."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(folder).as_posix()}: {source}" for source in _of_module(tree))


def _of_module(tree: ast.Module) -> Iterator[str]:
    everywhere = _scope_of(tree.body, _Scope())
    _imported(tree, everywhere)
    everywhere.functions.update({node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)})
    yield from _of_body(tree.body, everywhere)


def _of_body(body: list[ast.stmt], outer: _Scope) -> Iterator[str]:
    for statement in body:
        for node in _walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for decorator in node.decorator_list:
                    yield from _of_expression(decorator, outer)
                yield from _of_body(node.body, outer.inside(node))
            elif isinstance(node, ast.ClassDef):
                yield from _of_body(node.body, outer)
            elif isinstance(node, ast.Call):
                yield from _of_call(node, outer)


def _of_expression(node: ast.expr, scope: _Scope) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield from _of_call(inner, scope)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Walk without going into functions and classes, which have names of their own."""
    yield node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for child in ast.iter_child_nodes(node):
            yield from _walk(child)


def _imported(tree: ast.Module, scope: _Scope) -> None:
    for node in ast.walk(tree):
        if isinstance(node, (ast.ImportFrom, ast.Import)):
            scope.modules.update(name.asname or name.name for name in node.names)
    scope.modules -= {"st", "streamlit"}


def _scope_of(body: list[ast.stmt], scope: _Scope) -> _Scope:
    own = _Scope()
    for statement in body:
        for node in _walk(statement):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    own.put(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
                own.put(node.target, node.value)
            elif isinstance(node, (ast.For, ast.comprehension)):
                own.put(node.target, _each(node.iter))
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                own.put(node.optional_vars, None)
    for name, values in own.given.items():
        scope.given[name] = values
    return scope


def _each(iterated: ast.expr) -> ast.expr | None:
    """Give an expression that stands for each element; what is not written down here is unknown."""
    if isinstance(iterated, (ast.Tuple, ast.List)):
        tuples = [each for each in iterated.elts if isinstance(each, ast.Tuple)]
        if tuples and len(tuples) == len(iterated.elts):
            columns = [ast.Tuple(list(parts)) for parts in zip(*(each.elts for each in tuples), strict=True)]
            return ast.Tuple([ast.Subscript(column, ast.Constant(0)) for column in columns])
        return iterated
    if isinstance(iterated, ast.Name) and iterated.id.isupper():
        return ast.Constant("")
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name):
        if iterated.func.id == "range":
            return ast.Constant(0)
        if iterated.func.id == "enumerate":
            return ast.Tuple([ast.Constant(0), _each(iterated.args[0]) or ast.Name("?")])
        if iterated.func.id == "zip":
            return ast.Tuple([_each(each) or ast.Name("?") for each in iterated.args])
    return None


def _of_call(call: ast.Call, scope: _Scope) -> Iterator[str]:
    if not isinstance(call.func, ast.Attribute):
        return
    name, owner = call.func.attr, call.func.value
    if isinstance(owner, ast.Name) and (owner.id in scope.modules or owner.id == "log"):
        return
    texts = TEXTS.get(name, ()) if name in TEXTS else ()
    if not texts and not name.endswith("Column") and name != "update":
        return
    formatted = any(one.arg == "format_func" for one in call.keywords)  # then the options themselves are not shown
    places = 1 if formatted or name in ("selectbox", "button", "write", "badge") else len(texts)
    given = list(zip(call.args, range(places), strict=False))
    values = [value for value, _ in given]
    values += [one.value for one in call.keywords
               if one.arg == "help" or one.arg in texts or (name == "update" and one.arg == "label")]
    for value in values:
        if not is_safe(value, scope):
            yield f"{name}: {ast.unparse(value)}"


def is_safe(value: ast.expr, scope: _Scope, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is constant, a number, or has been through the door, as far as its source tells."""
    def safe(each: ast.expr) -> bool:
        return is_safe(each, scope, seen)

    match value:
        case ast.Constant() | ast.Compare() | ast.UnaryOp():
            return True
        case ast.JoinedStr(values=parts):
            return all(map(safe, parts))
        case ast.FormattedValue(value=inner, format_spec=spec):
            written = spec.values[0].value if isinstance(spec, ast.JoinedStr) and spec.values and isinstance(
                spec.values[0], ast.Constant) else ""
            return bool(_SPEC.match(str(written))) or safe(inner)
        case ast.IfExp(body=one, orelse=other):
            return safe(one) and safe(other)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(safe, parts))
        case ast.BinOp(op=ast.Mult(), left=one, right=other):
            return safe(one) or isinstance(other, ast.Compare)
        case ast.BinOp(op=ast.Sub() | ast.Div() | ast.FloorDiv()):
            return True
        case ast.BinOp(left=one, right=other):
            return safe(one) and safe(other)
        case ast.Dict(keys=keys, values=parts):
            return all(map(safe, [*(key for key in keys if key), *parts]))
        case ast.Starred(value=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
            return safe(inner)
        case ast.Lambda(body=inner):
            return is_safe(inner, scope.inside(value), seen)
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner):
            return safe(inner)
        case ast.DictComp(key=key, value=inner):
            return safe(key) and safe(inner)
        case ast.Name(id=name):
            if name.isupper() or name in DOOR:
                return True
            known = scope.given.get(name, [None])
            return name in seen or all(
                one is not None and is_safe(one, scope, seen | {name}) for one in known)
        case ast.Attribute(attr=name):
            return name.isupper() or (name == "__getitem__" and safe(value.value))
        case ast.Subscript(value=inner):
            return safe(inner)
        case ast.Call(func=ast.Name(id=name)) if name in scope.functions and name not in seen:
            function = scope.functions[name]
            inside = scope.inside(function)
            return all(each.value is None or is_safe(each.value, inside, seen | {name})
                       for each in ast.walk(function) if isinstance(each, ast.Return))
        case ast.Call(func=ast.Name(id=name)):
            return name in DOOR | NUMBERS or (name in ("list", "str", "sorted", "get_args", "reversed")
                                              and all(map(safe, value.args)))
        case ast.Call(func=ast.Attribute(attr=name, value=owner)):
            if name in DOOR | NUMBERS:
                return True
            if name in ("join",):
                return all(map(safe, value.args))
            return name in ("strip", "capitalize", "lower", "upper", "removesuffix", "get") and safe(owner)
    return False
