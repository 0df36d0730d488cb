"""An act in words, for the person who reads what was signed; never parsed back."""

import json
from datetime import UTC, datetime
from pathlib import Path

from identity.acts.typed import Act, Item
from identity.acts.types import ACT_TYPES

_MOMENTS = {"expires", "deadline", "time", "validFrom", "validUntil", "calibratedUntil", "until"}
_SECONDS = {"enforcementSeconds", "transferSeconds"}
_FACTS = {"AssignAuthority.assigned", "SetCondition.met", "ProposeTransfer.endsLien"}


def _load() -> dict[str, tuple[bool, dict[int, str]]]:
    """Return for each field that holds words: whether they are flags, and number to word."""
    data = json.loads((Path(__file__).parent / "words.json").read_bytes())
    return {
        field: (enumeration["flags"], {n: word for word, n in enumeration["values"].items()})
        for enumeration in data["enumerations"]
        for field in enumeration.get("fields", [])
    }


_WORDS_OF = _load()
_ZH: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "words_zh.json").read_bytes())


def describe(act: Act) -> str:
    """Return one line: what the verb does, then every field, numbers as words, times in UTC."""
    parts = [f"{label} {said}" for label, said in fields_en(act)]
    return f"{act.type.says} {'; '.join(parts)}."


def fields_en(act: Act) -> list[tuple[str, str]]:
    """Return each field's name and value, numbers as words, times in UTC."""
    told = []
    for field in act.type.fields:
        value = act.fields[field.name]
        items = value if isinstance(value, list) else [value]
        said = ", ".join(_say(f"{act.name}.{field.name}", item) for item in items)
        told.append((field.name, said or "none"))
    return told


def describe_zh(act: Act) -> str:
    """Return the same line in Chinese; ids, numbers and times as in ``describe``."""
    parts = [f"{label}：{said}" for label, said in fields_zh(act)]
    return f"{says_zh(act)} {'；'.join(parts)}。"


def says_zh(act: Act) -> str:
    """Return in Chinese what the verb does; in English where there are no words."""
    return _ZH["verbs"].get(act.name, act.type.says)


def fields_zh(act: Act) -> list[tuple[str, str]]:
    """Return each field's name and value, in Chinese where there is a word."""
    told = []
    for field in act.type.fields:
        value = act.fields[field.name]
        items = value if isinstance(value, list) else [value]
        said = [_say(f"{act.name}.{field.name}", item) for item in items]
        label = _ZH["fields"].get(field.name, field.name)
        told.append((label, "、".join(_ZH["words"].get(one, one) for one in said) or "无"))
    return told


def _say(field: str, item: Item) -> str:
    if isinstance(item, bytes):
        return "0x" + item.hex() if any(item) else "0"
    if field in _WORDS_OF:
        return _word_of(field, item)
    name = field.partition(".")[2]
    if field == "Delegate.verbs":
        return _verbs(item)
    if field in _FACTS and item < 2:
        return "yes" if item else "no"
    if name in _SECONDS:
        return f"{item} s"
    if name in _MOMENTS and 0 < item < 2**37:
        return datetime.fromtimestamp(item, UTC).isoformat().replace("+00:00", "Z")
    return str(item)


def _verbs(mask: int) -> str:
    """The verbs whose codes are bits of a delegation's mask."""
    named = {act.code: act.name for act in ACT_TYPES.values()}
    codes = [code for code in range(256) if mask >> code & 1]
    return " and ".join(named.get(code, f"{code} (no such verb)") for code in codes) or "no verb"


def _word_of(field: str, number: int) -> str:
    flags, words = _WORDS_OF[field]
    if not flags:
        return words.get(number, f"{number} (no such word)")
    said = [word for value, word in words.items() if value & number]
    unknown = number & ~sum(words)
    return " and ".join(said + [f"{unknown} (no such word)"] * (unknown > 0)) or "no role"
