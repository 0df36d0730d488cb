"""A QR code as the path of an SVG, one square a dark module; no picture leaves this machine."""


def qr_of(text: str) -> tuple[int, str]:
    """Return how many modules wide the code of ``text`` is, and the ``d`` of its path."""
    # ReportLab takes 0.3 s to load, for which no start should wait.
    from reportlab.graphics.barcode import qrencoder  # noqa: PLC0415

    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()
    dark = [(x, y) for y in range(size) for x in range(size) if code.isDark(y, x)]
    return size, "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)
