"""Every small fault that can be put into the contracts, from solc's own syntax trees.

A mutation replaces the text of one node. Its kinds: a comparison at its boundary or turned round,
an arithmetic or bit operator, ``&&`` and ``||`` and either half of them alone, a check left out, a
branch always or never taken, a statement left out, a literal plus one, one word of a generated
library for the next, and the like inside assembly. Faults that solc refuses, or that leave the
bytecode as it was, are found by the run and not counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import solcx

from node.chain.compile import ROOT, SETTINGS, sources

_OPERATORS = {
    "<": ("<=",),
    "<=": ("<",),
    ">": (">=",),
    ">=": (">",),
    "==": ("!=",),
    "!=": ("==",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("/",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "&&": ("||",),
    "||": ("&&",),
    "+=": ("-=",),
    "-=": ("+=",),
    "|=": ("=", "&="),
    "&=": ("=", "|="),
    "++": ("--",),
    "--": ("++",),
    "!": ("",),
    "~": ("",),
}
_YUL_CALLS = {
    "add": "sub",
    "sub": "add",
    "mul": "add",
    "div": "mul",
    "and": "or",
    "or": "and",
    "shl": "shr",
    "shr": "shl",
    "lt": "gt",
    "gt": "lt",
    "eq": "lt",
    "calldataload": "iszero",
}
# Replaced by one that does nothing. A return can go only where the result has a name.
_STATEMENTS = ("ExpressionStatement", "EmitStatement", "RevertStatement", "Return", "Break")
_YUL_STATEMENTS = ("YulAssignment", "YulExpressionStatement")
_LEFT_OUT = ("src/generated/", "src/interfaces/")

Node = dict[str, Any]


@dataclass(frozen=True)
class Mutation:
    """One fault: in ``file``, ``length`` bytes from ``start`` become ``new``."""

    file: str
    start: int
    length: int
    new: str
    line: int
    function: str
    old: str

    @property
    def change(self) -> str:
        """What is replaced by what, on one line."""
        return f"{' '.join(self.old.split())} → {' '.join(self.new.split()) or '(nothing)'}"

    def apply(self, source: bytes) -> bytes:
        """Return the file's text with the fault in it."""
        return source[: self.start] + self.new.encode() + source[self.start + self.length :]


def all_mutations() -> list[Mutation]:
    """Return each mutation of contracts/src once, in the order of the text."""
    texts = sources(ROOT)
    trees = _trees(texts)
    words = _words(trees)
    found: dict[tuple[str, int, int, str], Mutation] = {}
    for path, tree in trees.items():
        if path in texts and not path.startswith(_LEFT_OUT):
            for mutation in _File(path, texts[path].encode(), words).mutations(tree):
                key = (mutation.file, mutation.start, mutation.length, mutation.new)
                found.setdefault(key, mutation)
    return [found[key] for key in sorted(found)]


def _trees(texts: dict[str, str]) -> dict[str, Node]:
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in texts.items()},
        "settings": {**SETTINGS, "outputSelection": {"*": {"": ["ast"]}}},
    }
    compiled = solcx.compile_standard(
        request, base_path=str(ROOT / "contracts"), solc_binary=ROOT / "tools" / "solc"
    )
    return {path: output["ast"] for path, output in compiled["sources"].items()}


def _words(trees: dict[str, Node]) -> dict[str, list[str]]:
    """The constants of each generated library, in order."""
    return {
        library["name"]: [
            entry["name"]
            for entry in library["nodes"]
            if entry["nodeType"] == "VariableDeclaration"
            and not re.fullmatch("LAST|ALL|DELEGABLE|.*_TYPE", entry["name"])
        ]
        for path, tree in trees.items()
        if path.startswith("src/generated/")
        for library in tree["nodes"]
        if library["nodeType"] == "ContractDefinition"
    }


class _File:
    """Walks one file's tree."""

    def __init__(self, path: str, source: bytes, words: dict[str, list[str]]) -> None:
        self._path, self._source, self._words = path, source, words
        self._function = ""

    def mutations(self, node: Node) -> Iterator[Mutation]:
        """Yield the mutations of a node and of all below it."""
        kind = node.get("nodeType", "")
        if kind in ("ImportDirective", "PragmaDirective", "StructuredDocumentation"):
            return
        if kind in ("FunctionDefinition", "VariableDeclaration") and node.get("scope") is not None:
            self._function = self._named(node) or self._function
        for start, length, new in self._of(kind, node):
            yield self._mutation(start, length, new)
        for child in _children(node):
            yield from self.mutations(child)

    def _named(self, node: Node) -> str:
        if node["nodeType"] == "VariableDeclaration" and not node.get("stateVariable"):
            return ""
        return str(node["name"] or node.get("kind", ""))

    def _of(self, kind: str, node: Node) -> Iterator[tuple[int, int, str]]:
        if kind == "BinaryOperation":
            yield from self._binary(node)
        elif kind in ("UnaryOperation", "Assignment"):
            yield from self._operator(node)
        elif kind in ("IfStatement", "Conditional"):
            start, length = _span(node["condition"])
            yield from ((start, length, value) for value in ("true", "false"))
        elif kind in _STATEMENTS:
            start, length = _span(node)
            yield (start, length, "true")  # a statement that does nothing
        elif kind in _YUL_STATEMENTS:
            yield (*_span(node), "{}")
        elif kind in ("Literal", "YulLiteral"):
            yield from self._literal(kind, node)
        elif kind == "MemberAccess":
            yield from self._word(node)
        elif kind == "YulFunctionCall" and node["functionName"]["name"] in _YUL_CALLS:
            yield (*_span(node["functionName"]), _YUL_CALLS[node["functionName"]["name"]])

    def _binary(self, node: Node) -> Iterator[tuple[int, int, str]]:
        left, right = _span(node["leftExpression"]), _span(node["rightExpression"])
        operator, start = node["operator"], left[0] + left[1]
        place = self._source.index(operator.encode(), start, right[0])
        for new in _OPERATORS.get(operator, ()):
            yield (place, len(operator), new)
        if operator in ("&&", "||"):
            whole = _span(node)
            for half in (left, right):
                yield (*whole, self._text(*half))

    def _operator(self, node: Node) -> Iterator[tuple[int, int, str]]:
        start, length = _span(node)
        if node["nodeType"] == "Assignment":
            left = _span(node["leftHandSide"])
            low, high = left[0] + left[1], _span(node["rightHandSide"])[0]
        elif node["prefix"]:
            low, high = start, _span(node["subExpression"])[0]
        else:
            low, high = sum(_span(node["subExpression"])), start + length
        operator = node["operator"]
        for new in _OPERATORS.get(operator, ()):
            yield (self._source.index(operator.encode(), low, high), len(operator), new)

    def _literal(self, kind: str, node: Node) -> Iterator[tuple[int, int, str]]:
        start, length = _span(node)
        text = self._text(start, length)
        if node["kind"] == "bool":
            yield (start, length, "false" if text == "true" else "true")
        elif node["kind"] == "number" and not node.get("subdenomination"):
            value = int(text.replace("_", ""), 16 if text.startswith("0x") else 10) + 1
            yield (start, length, hex(value) if text.startswith("0x") else str(value))
        elif node["kind"] == "number":
            yield (start, length, f"({text} + 1)")

    def _word(self, node: Node) -> Iterator[tuple[int, int, str]]:
        library, name = node["expression"].get("name", ""), node["memberName"]
        names = self._words.get(library, [])
        if name in names and len(names) > 1:
            following = names[(names.index(name) + 1) % len(names)]
            yield (*_span(node), f"{library}.{following}")

    def _mutation(self, start: int, length: int, new: str) -> Mutation:
        line = self._source.count(b"\n", 0, start) + 1
        old = self._text(start, length)
        return Mutation(self._path, start, length, new, line, self._function, old)

    def _text(self, start: int, length: int) -> str:
        return self._source[start : start + length].decode()


def _span(node: Node) -> tuple[int, int]:
    """Where a node's text begins, and its length, in bytes."""
    start, length, _ = node["src"].split(":")
    return int(start), int(length)


def _children(node: Node) -> Iterator[Node]:
    for key, value in node.items():
        if key in ("typeDescriptions", "documentation", "typeName"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and "src" in child:
                yield child
