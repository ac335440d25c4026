"""Small icons, drawn as paths so that they take the theme's colours at every resolution."""

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

Name = Literal["play", "pause", "step", "reset"]


def icon(name: Name, colour: str, disabled: str, side: int = 16, ratio: float = 1.0) -> QIcon:
    """The icon ``name``, ``side`` logical pixels wide, on a screen with ``ratio`` device pixels."""
    drawn = QIcon()
    drawn.addPixmap(_pixmap(name, colour, side, ratio), QIcon.Mode.Normal)
    drawn.addPixmap(_pixmap(name, disabled, side, ratio), QIcon.Mode.Disabled)
    return drawn


def _pixmap(name: Name, colour: str, side: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / 16, side / 16)
    pen = QPen(QColor(colour), 1.2, Qt.PenStyle.SolidLine)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(QColor(colour))
    if name == "reset":
        pen.setWidthF(1.8)
        painter.strokePath(_arc(), pen)
        pen.setWidthF(0.6)
        painter.setPen(pen)
    painter.drawPath(_path(name))
    painter.end()
    return pixmap


def _path(name: Name) -> QPainterPath:
    """What is filled, in a square of 16 by 16."""
    path = QPainterPath()
    if name == "play":
        path.addPolygon(_polygon((4.6, 3), (12.9, 8), (4.6, 13)))
    elif name == "pause":
        path.addRoundedRect(QRectF(4, 3.2, 2.6, 9.6), 0.6, 0.6)
        path.addRoundedRect(QRectF(9.4, 3.2, 2.6, 9.6), 0.6, 0.6)
    elif name == "step":
        path.addPolygon(_polygon((3.6, 3.4), (9.8, 8), (3.6, 12.6)))
        path.addRoundedRect(QRectF(11.2, 3.4, 1.5, 9.2), 0.5, 0.5)
    else:
        path.addPolygon(_polygon((1.7, 2.6), (6.6, 3.3), (3.1, 6.9)))
    path.closeSubpath()
    return path


def _arc() -> QPainterPath:
    """Three quarters of a circle, against the clock, for the reset arrow."""
    path = QPainterPath()
    circle = QRectF(3, 3.1, 10.2, 10.2)
    path.arcMoveTo(circle, 140)
    path.arcTo(circle, 140, -285)
    return path


def _polygon(*corners: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in corners])
