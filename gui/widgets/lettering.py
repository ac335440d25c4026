"""How numbers, headers and readouts are set, the same in every widget."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from gui import theme

SMALL = 0.86  # figures and legends, relative to the widget's own font
_GAP = 12.0
_ROOMY = 200.0  # width from which a header's detail may push its title back


def tabular(font: QFont, scale: float = 1.0, *, bold: bool = False) -> QFont:
    """``font`` at ``scale`` times its size, with figures of one width, so that none dances."""
    scaled = QFont(font)
    if font.pixelSize() > 0:
        scaled.setPixelSize(max(1, round(font.pixelSize() * scale)))
    else:
        scaled.setPointSizeF(font.pointSizeF() * scale)
    scaled.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        scaled.setWeight(QFont.Weight.DemiBold)
    return scaled


def figure(value: float, digits: int = 3) -> str:
    """``value`` with ``digits`` significant digits and a true minus; not-a-number is an en dash."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-4:
        return f"{value:.{digits - 1}e}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")
    decimals = max(0, digits - 1 - math.floor(math.log10(size))) if size >= 1 else digits
    return f"{value:.{decimals}f}".replace("-", "−")


def header_height(font: QFont) -> float:
    """Height in pixels of the line that ``paint_header`` paints, with the air under it."""
    return math.ceil(QFontMetricsF(tabular(font, bold=True)).height() + 6)


def paint_header(
    painter: QPainter, area: QRectF, font: QFont, title: str, detail: str = ""
) -> None:
    """A title at the left of ``area``'s top and a muted detail at its right.

    Both elide; where there is little room, the title has it.
    """
    wears = theme.current()
    small = tabular(font, SMALL)
    metrics = QFontMetricsF(small)
    strong = tabular(font, bold=True)
    line = QRectF(area.left(), area.top(), area.width(), QFontMetricsF(strong).height())
    wanted = QFontMetricsF(strong).horizontalAdvance(title)
    room = area.width() - wanted - _GAP if title else area.width()
    if area.width() >= _ROOMY:
        room = max(room, area.width() * 0.55)
    if room < min(metrics.horizontalAdvance(detail), _ROOMY / 4):
        detail = ""
    detail = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, room)
    painter.setFont(small)
    painter.setPen(QColor(wears.muted))
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, detail)
    taken = metrics.horizontalAdvance(detail) + _GAP if detail else 0.0
    title = QFontMetricsF(strong).elidedText(
        title, Qt.TextElideMode.ElideRight, max(0.0, area.width() - taken)
    )
    painter.setFont(strong)
    painter.setPen(QColor(wears.text))
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)


def paint_readout(
    painter: QPainter, area: QRectF, font: QFont, text: str, pointer: QPointF
) -> None:
    """A small strip of ``text`` at the foot of ``area``; at its head while the pointer is low."""
    wears = theme.current()
    small = tabular(font, SMALL)
    metrics = QFontMetricsF(small)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideLeft, max(0.0, area.width() - 28))
    width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 6
    low = pointer.y() > area.bottom() - 3 * height
    top = area.top() + 6 if low else area.bottom() - height - 6
    strip = QRectF(area.left() + 6, top, width, height)
    ground = QColor(wears.raised)
    ground.setAlphaF(0.94)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(wears.border))
    painter.setBrush(ground)
    painter.drawRoundedRect(strip, 5, 5)
    painter.setFont(small)
    painter.setPen(QColor(wears.text))
    painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def paint_placeholder(painter: QPainter, area: QRectF, font: QFont, text: str) -> None:
    """A muted sentence in the middle of ``area``, wrapped."""
    painter.setFont(tabular(font))
    painter.setPen(QColor(theme.current().muted))
    margin = min(16.0, area.width() / 10)
    painter.drawText(
        area.adjusted(margin, 2, -margin, -2),
        int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap),
        text,
    )
