"""The documents name paths, functions, routes, codes and targets that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import identity.errors
import node.errors
from api.http.app import all_routes
from node.upkeep.findings import WHAT_TO_DO

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "contracts", "device_oracles", "identity", "node", "privacy")
FOLDERS = (*PACKAGES, ".ci", "deployments", "docs", "tests", "tools")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [
    path
    for package in PACKAGES
    for pattern in ("*.py", "*.sol", "*.json")
    for path in sorted((ROOT / package).rglob(pattern))
    if not {"node_modules", "out", "cache", "artifacts"} & set(path.parts)
]
SOURCE_TEXT = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)

_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})(?:/[\w.*-]+)*/?")
_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_ROUTE = re.compile(r"\b(GET|POST) ((?:/peer)?/v1/[\w/{}.-]*[\w}])")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TARGET = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def is_defined(name: str, path: Path) -> bool:
    word = re.escape(name)
    defined = rf"\b(?:def|class|function|contract|event|error) {word}\b|^{word}\b[^=\n]*= "
    return re.search(defined, text_of(path), re.MULTILINE) is not None


def headings(document: Path) -> set[str]:
    """Anchors as a forge makes them: lower case, no punctuation, hyphens for spaces."""
    titles = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_path_and_name_in_a_document_exists(document: Path) -> None:
    missing = []
    for span in _CODE_SPAN.findall(text_of(document)):
        path, colon, name = span.partition(":")
        if not _PATH.fullmatch(path) or path == "contracts":
            continue
        place = ROOT / path
        # A folder counts with something in it: git keeps no empty one.
        exists = any(ROOT.glob(f"{path}/*" if place.is_dir() else path))
        if not exists or (colon and not is_defined(name, place)):
            missing.append(span)
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_code_in_a_document_is_one_of_the_sources(document: Path) -> None:
    # A setting may be given in the environment under this prefix and its name in upper case.
    codes = {code for code in _CODE.findall(text_of(document)) if not code.startswith("LADING_")}
    assert [code for code in sorted(codes) if f'"{code}"' not in SOURCE_TEXT] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_route_in_a_document_is_served(document: Path) -> None:
    served = {path for _, path in all_routes()} | set(re.findall(r'"(/peer/v1/\w+)"', SOURCE_TEXT))
    assert [path for _, path in _ROUTE.findall(text_of(document)) if path not in served] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_in_a_document_leads_somewhere(document: Path) -> None:
    broken = []
    for link in _LINK.findall(text_of(document)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_make_target_in_a_document_is_in_the_makefile(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert [target for target in _TARGET.findall(text_of(document)) if target not in targets] == []


def test_every_document_that_the_sources_name_exists() -> None:
    tools = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tools").glob("*.py"))]
    pointers = set(re.findall(r"docs/[\w/-]+\.md", "\n".join([SOURCE_TEXT, *tools])))
    assert [pointer for pointer in sorted(pointers) if not (ROOT / pointer).exists()] == []


def test_what_each_role_may_do_is_what_the_policy_says() -> None:
    rules = json.loads((ROOT / "identity/policy/roles.json").read_bytes())
    table = text_of(ROOT / "docs/operate.md")
    for role in (role["name"] for role in rules["roles"]):
        may = [row["verb"] for row in rules["verbs"] if role in row["roles"]]
        assert re.search(rf"^\| {role} \| .* \| {', '.join(may)} \|$", table, re.MULTILINE), role


def test_each_finding_of_the_doctor_stands_in_the_manual_with_its_remedy() -> None:
    manual = text_of(ROOT / "docs/operate.md")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \|$", manual, re.MULTILINE))
    for code, remedy in WHAT_TO_DO.items():
        assert code in rows
        assert rows[code].split("[")[0].strip() == remedy.split("docs/")[0].strip() or (
            code == "PROFILE_NOT_HELD"
        )


def test_everything_that_may_not_be_available_has_its_remedy_in_the_manual() -> None:
    manual = text_of(ROOT / "docs/operate.md")
    table = manual[manual.index("### Codes") : manual.index("### The ledger is down")]
    told = set(re.findall(r"`([A-Z_]+)`", table))
    roots = (node.errors.Unavailable, identity.errors.Unavailable)
    missing = {kind.code for root in roots for kind in below(root)} - told
    assert sorted(missing) == []


def below(kind: type[Any]) -> set[type[Any]]:
    """Every class below ``kind`` that the sources declare."""
    children = {child for child in kind.__subclasses__() if child.__module__.startswith(PACKAGES)}
    return children.union(*(below(child) for child in children))


def test_the_ledgers_methods_are_those_of_its_chapter() -> None:
    method = r"\b(?:eth|net|web3)_[a-zA-Z]+"
    served = re.findall(rf'"({method})": \(', text_of(ROOT / "node/embedded/methods.py"))
    listed = re.findall(rf"`({method})`", text_of(ROOT / "docs/protocol/ledger.md"))
    assert sorted(listed) == sorted(served)
