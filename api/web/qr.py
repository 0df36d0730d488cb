"""A QR code as the path of an SVG, one square a dark module; no picture leaves this machine."""

from reportlab.graphics.barcode import qrencoder


def qr_of(text: str) -> tuple[int, str]:
    """Return how many modules wide the code of ``text`` is, and the ``d`` of its path."""
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()
    dark = [(x, y) for y in range(size) for x in range(size) if code.isDark(y, x)]
    return size, "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)
