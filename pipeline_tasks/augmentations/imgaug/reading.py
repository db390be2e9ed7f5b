"""Calls of imgaug's augmenters in the text of a Python file, which is parsed and never run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline_tasks.augmentations.imgaug.call import Argument, Call, Range, range_of

MODULES = ("imgaug.augmenters", "imgaug")
NOTHING = ("Noop", "Identity")
Numbers = Callable[[float, float], float]
OPERATORS: Mapping[type[ast.operator], Numbers] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Remark:
    """Sentence on one line of the file."""

    line: int
    says: str


class UnreadableError(ValueError):
    """An argument that only a running program would know."""


@dataclass
class Pipeline:
    """All augmenters of a file, in order."""

    calls: list[Call] = field(default_factory=list)
    differs: list[Remark] = field(default_factory=list)
    lost: list[Remark] = field(default_factory=list)


def read_pipeline(text: str) -> Pipeline:
    """Read the augmenters of a file; those that are part of another one once, with its chance.

    Raises:
        SyntaxError: the text is no Python.
    """
    reader = _Reader(ast.parse(text))
    for root in reader.roots():
        reader.take(root, 1.0)
    return reader.found


class _Reader:
    """One file."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree, self.found = tree, Pipeline()
        self.modules, self.names = _imported(tree)
        self.assigned = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.containers: Mapping[str, Callable[[ast.Call, float], None]] = {
            "Sequential": self._sequential,
            "Sometimes": self._sometimes,
            "OneOf": self._one_of,
            "SomeOf": self._some_of,
        }

    def roots(self) -> list[ast.Call]:
        """Augmenters that no other one has as a part, in the order of the file."""
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and self._augmenter(node)]
        inside = {id(part) for call in calls for part in ast.walk(call) if part is not call}
        lambdas = [one for one in self.assigned.values() if isinstance(one, ast.Lambda)]
        inside |= {id(part) for one in lambdas for part in ast.walk(one)}
        used = {part.id for call in calls for part in ast.walk(call) if isinstance(part, ast.Name)}
        inside |= {id(value) for name, value in self.assigned.items() if name in used}
        wrapped = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and self._lambda(node) is not None]
        inside |= {id(part) for call in wrapped for part in ast.walk(call) if part is not call}
        found = [one for one in (*calls, *wrapped) if id(one) not in inside]
        return sorted(found, key=lambda one: (one.lineno, one.col_offset))

    def take(self, node: ast.expr, chance: float) -> None:
        """Take an augmenter, or a list of them, that this share of the images reaches."""
        if isinstance(node, (ast.List, ast.Tuple)):
            for one in node.elts:
                self.take(one, chance)
        elif isinstance(node, ast.Name) and node.id in self.assigned:
            self.take(self.assigned[node.id], chance)
        elif isinstance(node, ast.Call) and (function := self._lambda(node)) is not None:
            self._inlined(function, node, chance)
        elif isinstance(node, ast.Call) and (name := self._augmenter(node)):
            self._taken(name, node, chance)
        elif not (isinstance(node, ast.Constant) and node.value is None):
            self._lose(node, f"`{ast.unparse(node)}` is not an augmenter that can be read without running the file")

    def _taken(self, name: str, node: ast.Call, chance: float) -> None:
        if name in self.containers:
            self.containers[name](node, chance)
        elif name not in NOTHING:
            try:
                arguments = [Argument(str(at), self._value(one)) for at, one in enumerate(node.args)]
                arguments += [Argument(one.arg, self._value(one.value)) for one in node.keywords if one.arg]
            except UnreadableError as error:
                self._lose(node, f"{name}: {error}")
                return
            self.found.calls.append(Call(name, node.lineno, tuple(arguments), chance))

    def _inlined(self, function: ast.Lambda, node: ast.Call, chance: float) -> None:
        """A call of `sometimes = lambda aug: iaa.Sometimes(0.5, aug)`: its argument stands for the name for so long."""
        (argument,), before = function.args.args, dict(self.assigned)
        self.assigned[argument.arg] = node.args[0]
        self.take(function.body, chance)
        self.assigned = before

    def _sequential(self, node: ast.Call, chance: float) -> None:
        children = _argument(node, "children", 0)
        if children is not None:
            self.take(children, chance)
        if (order := _argument(node, "random_order", 1)) is not None and ast.unparse(order) == "True":
            self.found.differs.append(Remark(node.lineno, "`random_order`: entries are taken in the order of the table"))

    def _sometimes(self, node: ast.Call, chance: float) -> None:
        share = self._numbers(node, "p", 0, (0.5, 0.5))
        if share is None:
            return
        for name, position, part in (("then_list", 1, share[1]), ("else_list", 2, 1 - share[1])):
            if (children := _argument(node, name, position)) is not None:
                self.take(children, chance * part)

    def _one_of(self, node: ast.Call, chance: float) -> None:
        self._some(node, _argument(node, "children", 0), (1.0, 1.0), chance)

    def _some_of(self, node: ast.Call, chance: float) -> None:
        children = self._listed(_argument(node, "children", 1))
        given = _argument(node, "n", 0)
        most = float(len(children))
        if isinstance(given, ast.Tuple) and isinstance(given.elts[-1], ast.Constant) and given.elts[-1].value is None:
            low = range_of(self._known(given.elts[0]))
            bounds: Range | None = None if low is None else (low[0], most)
        else:
            bounds = (most, most) if given is None else range_of(self._known(given))
        if bounds is None:
            self._lose(node, "SomeOf: `n` cannot be read without running the file")
        else:
            self._some(node, _argument(node, "children", 1), bounds, chance)

    def _some(self, node: ast.Call, children: ast.expr | None, count: Range, chance: float) -> None:
        """So many of the children: each with their share."""
        listed = self._listed(children)
        share = min(1.0, sum(count) / 2 / max(1, len(listed)))
        for one in listed:
            self.take(one, chance * share)
        says = f"each of {len(listed)} is drawn for itself with {share:.0%}, so that there may be none or several"
        self.found.differs.append(Remark(node.lineno, says))

    def _listed(self, node: ast.expr | None) -> list[ast.expr]:
        while isinstance(node, ast.Name) and node.id in self.assigned:
            node = self.assigned[node.id]
        return list(node.elts) if isinstance(node, (ast.List, ast.Tuple)) else [] if node is None else [node]

    def _numbers(self, node: ast.Call, name: str, position: int, usual: Range) -> Range | None:
        given = _argument(node, name, position)
        found = usual if given is None else range_of(self._known(given))
        if found is None:
            self._lose(node, f"`{name}` cannot be read without running the file")
        return found

    def _known(self, node: ast.expr) -> object:
        try:
            return self._value(node)
        except UnreadableError:
            return None

    def _value(self, node: ast.expr) -> object:
        """A number, text, list, pair or dict.

        Raises:
            UnreadableError: it is something else.
        """
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.Tuple, ast.List)):
            return [self._value(one) for one in node.elts]
        if isinstance(node, ast.Dict):
            return {ast.unparse(key): self._value(one) for key, one in zip(node.keys, node.values, strict=True) if key}
        if isinstance(node, ast.Name) and node.id in self.assigned:
            return self._value(self.assigned[node.id])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._number(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](self._number(node.left), self._number(node.right))
        raise UnreadableError(f"`{ast.unparse(node)}` cannot be read without running the file")

    def _number(self, node: ast.expr) -> float:
        found = self._value(node)
        if not isinstance(found, (int, float)):
            raise UnreadableError(f"`{ast.unparse(node)}` is no number")
        return found

    def _augmenter(self, node: ast.Call) -> str:
        """Name of the augmenter that is called; empty if it is something else."""
        function = node.func
        if isinstance(function, ast.Attribute) and ast.unparse(function.value) in self.modules:
            return function.attr
        return self.names.get(function.id, "") if isinstance(function, ast.Name) else ""

    def _lambda(self, node: ast.Call) -> ast.Lambda | None:
        """The function of one argument that is called, if the file assigns it."""
        function = self.assigned.get(node.func.id) if isinstance(node.func, ast.Name) else None
        is_of_one = isinstance(function, ast.Lambda) and len(function.args.args) == 1 and len(node.args) == 1
        return function if is_of_one and isinstance(function, ast.Lambda) else None

    def _lose(self, node: ast.expr, says: str) -> None:
        self.found.lost.append(Remark(node.lineno, says))


def _imported(tree: ast.Module) -> tuple[set[str], dict[str, str]]:
    """Names that stand for the module of augmenters, and names of single augmenters."""
    modules, names = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name == "imgaug.augmenters":
                    modules.add(one.asname or one.name)
                elif one.name == "imgaug":
                    modules.add(f"{one.asname or one.name}.augmenters")
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for one in node.names:
                if one.name == "augmenters":
                    modules.add(one.asname or one.name)
                elif node.module == "imgaug.augmenters":
                    names[one.asname or one.name] = one.name
    return modules, names


def _argument(node: ast.Call, name: str, position: int) -> ast.expr | None:
    for one in node.keywords:
        if one.arg == name:
            return one.value
    return node.args[position] if len(node.args) > position else None
