"""All feature maps of a layer as one picture, with real values at hand."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.mosaic import Mosaic, locate
from gui import theme
from gui.widgets.keyboard_focus import KeyboardFocusWidget
from gui.widgets.lettering import (
    SMALL,
    figure,
    header_height,
    paint_header,
    paint_placeholder,
    paint_readout,
    tabular,
)
from gui.widgets.picture import add_picture_actions


class MosaicView(KeyboardFocusWidget):
    """Shows a ``Mosaic`` in the theme's colour map, with a legend of real values.

    Hovering reads a value, a click (or the arrow keys) chooses a map.
    """

    clicked = Signal(int, int, int)
    """Map, row and column that the person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = self._shape = ""
        self._placeholder = "No feature maps yet"
        self._mosaic: Mosaic | None = None
        self._values: NDArray[np.float32] | None = None
        self._picture = QImage()  # rebuilt by the first painting after a change
        self._selected: int | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Feature maps")
        self.setToolTip("Point at a map to read its values, click to look into it")
        add_picture_actions(self, lambda: self._title or "maps")

    def set_maps(
        self, title: str, shape_text: str, mosaic: Mosaic, values: NDArray[np.float32]
    ) -> None:
        """Show a layer: its name, its shape in words, its mosaic, its values (C, H, W)."""
        self._title, self._shape = title, shape_text
        self._mosaic, self._values = mosaic, values
        self._picture = QImage()
        self.update()

    def set_placeholder(self, text: str) -> None:
        """What is said while there are no maps."""
        self._placeholder = text
        self.update()

    def set_selected(self, index: int | None) -> None:
        """Outline one map, or none."""
        self._selected = index
        self.update()

    def sizeHint(self) -> QSize:
        """Room for 16 maps of 28 x 28, twice as large."""
        return QSize(260, 260 + round(self._head() + self._foot()))

    def minimumSizeHint(self) -> QSize:
        """The smallest size at which maps are still worth seeing."""
        return QSize(110, 72 + round(self._head() + self._foot()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Header, mosaic, outlines, colour bar, readout."""
        painter = QPainter(self)
        whole = QRectF(self.rect())
        if self._mosaic is None:
            paint_placeholder(painter, whole, self.font(), self._placeholder)
            return
        paint_header(painter, whole, self.font(), self._title, self._shape)
        target = self._target(self._mosaic)
        self._paint_picture(painter, target, self._mosaic)
        self._paint_bar(painter, whole.width(), self._mosaic)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.paint_focus(painter, target)
        place = self._at(self._pointer)
        if place is not None and place[0] != self._selected:
            painter.setPen(QPen(QColor(theme.current().muted), 1))
            painter.drawRect(self._map_rect(self._mosaic, target, place[0]))
        if self._selected is not None and self._selected < self._mosaic.maps:
            painter.setPen(QPen(QColor(theme.current().accent), 2))
            painter.drawRect(self._map_rect(self._mosaic, target, self._selected))
        if place is not None and self._values is not None and self._pointer is not None:
            value = figure(float(self._values[place]))
            readout = f"map {place[0]}, row {place[1]}, column {place[2]}: {value}"
            paint_readout(painter, self._area(), self.font(), readout, self._pointer)

    def _paint_picture(self, painter: QPainter, target: QRectF, mosaic: Mosaic) -> None:
        size = (target.size() * self.devicePixelRatioF()).toSize().expandedTo(QSize(1, 1))
        height, width = mosaic.pixels.shape
        if self._picture.isNull() or (size.width() < width and self._picture.size() != size):
            pixels = np.ascontiguousarray(mosaic.pixels)
            image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8)
            wears = theme.current()
            table = theme.signed_table if mosaic.signed else theme.magnitude_table
            image.setColorTable(table(wears))
            self._picture = image.copy()
            if size.width() < width:  # averages areas, where drawImage would skip pixels
                self._picture = image.scaled(
                    size,
                    Qt.AspectRatioMode.IgnoreAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
        painter.drawImage(target, self._picture)

    def _paint_bar(self, painter: QPainter, width: float, mosaic: Mosaic) -> None:
        """The colour map with the values that its ends stand for."""
        wears = theme.current()
        small = tabular(self.font(), SMALL)
        bar = QRectF(0, self.height() - self._foot() + 8, width, 5)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        table = (theme.signed_table if mosaic.signed else theme.magnitude_table)(wears)
        for part in range(17):
            gradient.setColorAt(part / 16, QColor.fromRgba(table[1 + round(part / 16 * 254)]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(wears.border), 1))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar.adjusted(0.5, -0.5, -0.5, 0.5), 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(small)
        painter.setPen(QColor(wears.muted))
        line = QRectF(0, bar.bottom() + 2, width, QFontMetricsF(small).height())
        ends = (-mosaic.limit, 0.0, mosaic.limit) if mosaic.signed else (0.0, None, mosaic.limit)
        sides = (
            Qt.AlignmentFlag.AlignLeft,
            Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight,
        )
        for end, side in zip(ends, sides, strict=True):
            if end is not None:
                painter.drawText(line, side, figure(end))

    def _head(self) -> float:
        return header_height(self.font())

    def _foot(self) -> float:
        return math.ceil(QFontMetricsF(tabular(self.font(), SMALL)).height()) + 16.0

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, self._head(), 0, -self._foot())

    def _target(self, mosaic: Mosaic) -> QRectF:
        """Where the mosaic lies; scaled by a whole number where that costs little room."""
        area, ratio = self._area(), self.devicePixelRatioF()
        height, width = mosaic.pixels.shape
        scale = max(1e-3, min(area.width() / width, area.height() / height)) * ratio
        if math.floor(scale) >= 0.9 * scale:
            scale = math.floor(scale)
        scale /= ratio
        left = area.left() + (area.width() - width * scale) / 2
        return QRectF(left, area.top(), width * scale, height * scale)

    def _map_rect(self, mosaic: Mosaic, target: QRectF, index: int) -> QRectF:
        """The outline of one map, in the middle of the gap around it."""
        scale = target.width() / mosaic.pixels.shape[1]
        row, column = divmod(index, mosaic.columns)
        return QRectF(
            target.left() + column * (mosaic.map_width + mosaic.gap) * scale,
            target.top() + row * (mosaic.map_height + mosaic.gap) * scale,
            mosaic.map_width * scale,
            mosaic.map_height * scale,
        ).adjusted(-0.5, -0.5, 0.5, 0.5)

    def _at(self, pointer: QPointF | None) -> tuple[int, int, int] | None:
        """Map, row and column under the pointer."""
        if self._mosaic is None or pointer is None:
            return None
        target = self._target(self._mosaic)
        if not target.contains(pointer):
            return None
        scale = target.width() / self._mosaic.pixels.shape[1]
        height, width = self._mosaic.pixels.shape
        row = min(int((pointer.y() - target.top()) / scale), height - 1)
        column = min(int((pointer.x() - target.left()) / scale), width - 1)
        return locate(self._mosaic, row, column)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the value under the pointer."""
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """The readout goes with the pointer."""
        self._pointer = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the map under the pointer."""
        place = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.clicked.emit(*place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose the neighbouring map, at its middle."""
        mosaic = self._mosaic
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -mosaic.columns if mosaic else 0,
            Qt.Key.Key_Down: mosaic.columns if mosaic else 0,
        }
        if mosaic is None or event.key() not in steps:
            super().keyPressEvent(event)
            return
        index = 0 if self._selected is None else self._selected + steps[Qt.Key(event.key())]
        if 0 <= index < mosaic.maps:
            self.set_selected(index)
            self.clicked.emit(index, mosaic.map_height // 2, mosaic.map_width // 2)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs a new painting."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._picture = QImage()
            self.update()
        super().changeEvent(event)
