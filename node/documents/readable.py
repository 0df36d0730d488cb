"""A PDF of a document for people: a copy bound to its root, and marked as no more than that.

Every page carries the root (as text and as a QR code), the title's id and counter, the block up to
which its state was known, and that it is a copy of an electronic title, not a document of title.
The same root, fields, standing and fonts give the same bytes. It shows only the fields it is given:
those that this member holds or was told. It proves nothing; an evidence file does.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from node.documents.errors import CopyTooLong
from privacy.canonical import JsonValue

if TYPE_CHECKING:
    from node.documents.copies import Standing

MAX_CHARACTERS, MAX_LINES = 200_000, 5_000
LATIN, CHINESE = "Helvetica", "STSong-Light"
# Debian's fonts-droid-fallback (Apache-2.0). Noto's CJK fonts have PostScript outlines, which
# ReportLab does not embed.
EMBEDDED = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
MARK = (
    "COPY OF AN ELECTRONIC TITLE, NOT A DOCUMENT OF TITLE",
    "电子提单物权的副本，不是物权凭证",
)
PARTIAL = (
    "Only the fields disclosed to this member are shown.",
    "仅显示向本成员披露的字段。",
)
STATES = {
    "issued": "已签发，待接收",
    "live": "有效",
    "surrendered": "已交单",
    "paper": "已转纸质",
    "void": "已作废",
    "delivered": "已交货",
}
LABELS = {
    "transportDocumentReference": ("Bill number", "提单号"),
    "carrierCode": ("Carrier", "承运人"),
    "documentParties.shipper.partyName": ("Shipper", "托运人"),
    "documentParties.consignee.partyName": ("Consignee", "收货人"),
    "documentParties.endorsee.partyName": ("To the order of", "凭指示"),
    "documentParties.notifyParties.0.partyName": ("Notify party", "通知方"),
    "transports.vesselVoyages.0.vesselName": ("Vessel", "船名"),
    "transports.vesselVoyages.0.carrierExportVoyageNumber": ("Voyage", "航次"),
    "transports.portOfLoading.UNLocationCode": ("Port of loading", "装货港"),
    "transports.portOfDischarge.UNLocationCode": ("Port of discharge", "卸货港"),
    "shippedOnBoardDate": ("Shipped on board", "装船日期"),
    "freightPaymentTermCode": ("Freight", "运费"),
}
_MARGIN, _TOP, _BOTTOM, _LEADING, _SIZE, _VALUE_AT = 50, 188, 50, 12, 9, 245
_QR_POINTS = 84
_CODE = "root"


def readable_copy(
    root: str,
    schema_id: str,
    fields: Mapping[str, JsonValue],
    standing: "Standing | None",
    *,
    partial: bool = False,
) -> bytes:
    """Return a PDF of the document of ``root`` (0x hex).

    Args:
        fields: values by path.
        standing: None where the ledger has no title for it yet.
        partial: other fields exist and are not shown.

    Raises: CopyTooLong.
    """
    if sum(len(path) + len(_text(value)) for path, value in fields.items()) > MAX_CHARACTERS:
        raise CopyTooLong("The document is too long for a readable copy.", limit=MAX_CHARACTERS)
    lines = list(_lines(fields))
    if len(lines) > MAX_LINES:
        raise CopyTooLong("The document is too long for a readable copy.", limit=MAX_LINES)
    a_page = int((A4[1] - _TOP - _BOTTOM) // _LEADING)
    pages = [lines[at : at + a_page] for at in range(0, max(1, len(lines)), a_page)]
    buffer = io.BytesIO()
    # invariant: neither the time nor an id of this run stands in the file.
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=0)
    canvas.setTitle(f"Copy of {root}")
    canvas.setSubject(MARK[0])
    _draw_code(canvas, root)
    for number, page in enumerate(pages, 1):
        _head(canvas, root, schema_id, standing, partial)
        _body(canvas, page)
        _write(canvas, _MARGIN, 30, f"{MARK[0]} · {MARK[1]}", 7)
        _write(canvas, A4[0] - _MARGIN - 40, 30, f"{number} / {len(pages)}", 7)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _head(
    canvas: Canvas, root: str, schema_id: str, standing: "Standing | None", partial: bool
) -> None:
    top = A4[1] - 45
    _write(canvas, _MARGIN, top, MARK[0], 12)
    _write(canvas, _MARGIN, top - 17, MARK[1], 12)
    at = top - 34
    for label, text in _facts(root, schema_id, standing):
        _write(canvas, _MARGIN, at, label, 7)
        _write(canvas, _MARGIN + 88, at, text, 7)
        at -= 10
    for note in _notes(root, standing, partial):
        _write(canvas, _MARGIN, at, note, 7)
        at -= 10
    canvas.doForm(_CODE)
    canvas.line(_MARGIN, A4[1] - _TOP + 14, A4[0] - _MARGIN, A4[1] - _TOP + 14)


def _draw_code(canvas: Canvas, root: str) -> None:
    """Draw the root as a QR code, once, as a form that every page shows."""
    code = QrCodeWidget(root, barWidth=_QR_POINTS, barHeight=_QR_POINTS, barLevel="M")
    drawing = Drawing(_QR_POINTS, _QR_POINTS)
    drawing.add(code)
    canvas.beginForm(_CODE)
    renderPDF.draw(drawing, canvas, A4[0] - _MARGIN - _QR_POINTS + 8, A4[1] - 160)
    canvas.endForm()


def _facts(root: str, schema_id: str, standing: "Standing | None") -> Iterator[tuple[str, str]]:
    yield "Root 根", root
    yield "Schema 格式", schema_id
    if standing is None:
        yield "Title 物权", "not on the ledger yet 尚未上链"
        return
    moment = datetime.fromtimestamp(standing.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield "Title 物权", standing.title
    yield "State 状态", f"{standing.state} {STATES.get(standing.state, '')}"
    yield "Counter, version 序号、版本", f"{standing.counter}, {standing.version}"
    yield "As of 截至", f"{moment}, block 区块 {standing.height}"
    yield "Block hash 区块哈希", standing.block_hash


def _notes(root: str, standing: "Standing | None", partial: bool) -> Iterator[str]:
    if partial:
        yield f"{PARTIAL[0]} {PARTIAL[1]}"
    if standing is not None and standing.root != root:
        yield "NOT THE TITLE'S PRESENT DOCUMENT: superseded. 已被更改后的单证取代。"


def _lines(fields: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield label and text of each line: what a person looks for first, then every field."""
    known = [path for path in LABELS if path in fields]
    for path in known:
        yield from _folded(f"{LABELS[path][0]} {LABELS[path][1]}", _text(fields[path]))
    yield "", ""
    for path, value in fields.items():
        yield from _folded(path, _text(value))


def _folded(label: str, text: str) -> Iterator[tuple[str, str]]:
    labels = list(_fold(label, _VALUE_AT - _MARGIN - 8))
    texts = list(_fold(text, A4[0] - _MARGIN - _VALUE_AT))
    for row in range(max(len(labels), len(texts))):
        yield (
            labels[row] if row < len(labels) else "",
            texts[row] if row < len(texts) else "",
        )


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fold(text: str, width: float) -> Iterator[str]:
    line, taken = "", 0.0
    for character in text:
        shown, wide = _shown(character)
        if taken + wide > width and line:
            yield line
            line, taken = "", 0.0
        line, taken = line + shown, taken + wide
    yield line


@cache
def _chinese() -> TTFont | UnicodeCIDFont:
    """Return the font for what is not Latin: embedded where it is installed, else the reader's."""
    is_here = EMBEDDED.exists()
    font = TTFont(EMBEDDED.stem, str(EMBEDDED)) if is_here else UnicodeCIDFont(CHINESE)
    registerFont(font)
    return font


@cache
def _shown(character: str) -> tuple[str, float]:
    """Return a character as the fonts have it, else its code point in brackets; and its width."""
    shown = character if _font(character) else f"[U+{ord(character):04X}]"
    return shown, float(sum(stringWidth(run, font, _SIZE) for font, run in _runs(shown)))


@cache
def _font(character: str) -> str | None:
    """Return the font that has a character; no control or direction mark is in one."""
    if not character.isprintable():
        return None
    if _encodes(character, "cp1252"):
        return LATIN
    font = _chinese()
    if isinstance(font, TTFont):
        has = ord(character) in font.face.charToGlyph
    else:
        has = _encodes(character, "gbk")
    return str(font.fontName) if has else None


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for font, run in groupby(text, key=_font):
        yield font or LATIN, "".join(run)


def _body(canvas: Canvas, lines: Sequence[tuple[str, str]]) -> None:
    at = A4[1] - _TOP
    for label, text in lines:
        _write(canvas, _MARGIN, at, label, _SIZE - 1)
        _write(canvas, _VALUE_AT, at, text, _SIZE)
        at -= _LEADING


def _write(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    for font, run in _runs(text):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += stringWidth(run, font, size)
