"""The PDF of a document: marked on every page, bound to the root, and the same bytes again."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest
import reportlab
from support.peers import BILL

from node.documents import readable
from node.documents.copies import Standing
from node.documents.errors import CopyTooLong
from node.documents.readable import MARK, MAX_CHARACTERS, PARTIAL, readable_copy
from node.documents.registry import TRANSPORT_DOCUMENT, schema_ref
from privacy.commitments import commit

TREE = commit(json.loads(BILL.read_text()), schema_ref(TRANSPORT_DOCUMENT), bytes(32))
ROOT = "0x" + TREE.root.hex()
STANDING = Standing(
    "0x" + "5f" * 32, "live", 7, 1, ROOT, 1234, "0x" + "ab" * 32,
    int(datetime(2026, 5, 1, 10, tzinfo=UTC).timestamp()),
)  # fmt: skip


def pages(pdf: bytes) -> list[str]:
    """The text of each page, as one line."""
    read = pypdf.PdfReader(io.BytesIO(pdf))
    return [page.extract_text().replace("\n", "") for page in read.pages]


def test_every_page_names_root_title_counter_block_and_what_it_is_not() -> None:
    told = pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, STANDING))
    assert len(told) > 1
    for page in told:
        for words in (
            *MARK,
            ROOT,
            STANDING.title,
            "live",
            "有效",
            "7, 1",
            "2026-05-01 10:00:00 UTC",
        ):
            assert words in page
        assert "1234" in page
        assert "superseded" not in page


def test_the_fields_are_those_that_were_given_and_no_others() -> None:
    shown = {"transportDocumentReference": "HDMUAARB2401877", "carrierCode": "HMM"}
    told = "".join(pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, shown, STANDING, partial=True)))
    assert told.count("HDMUAARB2401877") == 2  # as the bill's number, and among all fields
    assert PARTIAL[0] in told
    assert "Soybean" not in told
    assert "Refined Soybean Oil" in "".join(
        pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, STANDING))
    )


def test_the_same_root_and_standing_give_the_same_bytes_and_others_do_not() -> None:
    first = readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, STANDING)
    assert readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, replace(STANDING)) == first
    later = replace(STANDING, counter=8)
    assert readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, later) != first


def test_a_root_that_the_title_has_left_is_said_to_be_superseded() -> None:
    moved = replace(STANDING, root="0x" + "77" * 32)
    assert "superseded" in pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, moved))[0]


def test_a_document_without_a_title_says_so() -> None:
    told = pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, TREE.fields, None))[0]
    assert "not on the ledger yet" in told


def test_text_of_any_script_is_shown_or_its_code_points_are() -> None:
    names = {"a": "Müller 宁波港", "b": "한\u202e😀", "c": ""}
    told = "".join(pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, names, STANDING)))
    assert "Müller 宁波港" in told
    assert "[U+D55C][U+202E][U+1F600]" in told


def test_a_long_value_is_folded_and_nothing_of_it_is_lost() -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(5000))
    told = "".join(pages(readable_copy(ROOT, TRANSPORT_DOCUMENT, {"x": text}, STANDING)))
    assert text[:70] in told
    assert text[-60:] in told


def test_a_document_of_too_many_characters_is_refused() -> None:
    many = {f"fields.{i}": i for i in range(20_000)}
    for fields in (many, {"one": "x" * MAX_CHARACTERS}):
        with pytest.raises(CopyTooLong):
            readable_copy(ROOT, TRANSPORT_DOCUMENT, fields, STANDING)


def test_a_font_that_is_installed_is_embedded_with_the_characters_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caches = (readable._chinese, readable._font, readable._shown)
    monkeypatch.setattr(readable, "EMBEDDED", Path(reportlab.__file__).parent / "fonts/Vera.ttf")
    for one in caches:
        one.cache_clear()
    try:
        shown = {"transportDocumentReference": "Ł"}  # a letter that Helvetica lacks
        pdf = readable_copy(ROOT, TRANSPORT_DOCUMENT, shown, STANDING)
        assert readable_copy(ROOT, TRANSPORT_DOCUMENT, shown, STANDING) == pdf
    finally:
        for one in caches:
            one.cache_clear()
    assert "Ł" in "".join(pages(pdf))
    assert b"/FontFile2" in pdf
    assert len(pdf) < 200_000
