"""The domain's words on the pages, in English and Chinese; ``words.json`` is their source."""

import json
from pathlib import Path
from typing import NamedTuple


class Both(NamedTuple):
    """One word or sentence in English and in Chinese."""

    en: str
    zh: str


_WORDS: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "words.json").read_bytes()
)


def say(kind: str, word: str | None) -> Both:
    """The words for ``word`` of an enumeration or of ``Verb``; the word itself if none is known."""
    if word is None:
        return Both("—", "—")
    en, zh = _WORDS[kind].get(word, [word, word])
    return Both(en, zh)
