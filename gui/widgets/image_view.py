"""One picture, seen as a whole or as the numbers that it is made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QStaticText,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.widgets.keyboard_focus import KeyboardFocusWidget
from gui.widgets.lettering import (
    header_height,
    paint_header,
    paint_placeholder,
    paint_readout,
    tabular,
)
from gui.widgets.picture import add_picture_actions, to_bytes, to_qimage

NUMBERS_FROM = 26.0  # width of a source pixel, in logical pixels, from which its value is printed
_WIDEST = 96.0
_STEP = 1.25


class ImageView(KeyboardFocusWidget):
    """Shows an array as a picture; zoomed in far enough, as a table of its values.

    Wheel or +/- zoom, drag or arrow keys pan, double-click or 0 fit the picture to the view.
    """

    hovered = Signal(int, int)
    """Row and column under the pointer; -1, -1 when it leaves the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._array: NDArray[Any] | None = None
        self._image = QImage()
        self._shrunk = QImage()
        self._caption = ""
        self._placeholder = "No picture yet"
        self._scale: float | None = None  # None: fitted
        self._centre = QPointF()  # the source point in the middle of the view, when not fitted
        self._pointer: QPointF | None = None
        self._cell = (-1, -1)
        self._grip: QPointF | None = None
        self._numbers: list[QStaticText] = []
        self._numbers_font = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")
        self.setToolTip("Wheel zooms, drag moves, double-click fits. Far in, pixels show values.")
        add_picture_actions(self, lambda: self._caption or "picture", self._own_pixels)

    def set_image(self, array: NDArray[Any] | None) -> None:
        """Show gray (H, W) or RGB (H, W, 3), uint8 or float in [0, 1]; None shows the placeholder.

        The zoom is kept while the size of the picture stays the same.

        Raises:
            ValueError: the array is no picture (see ``picture.to_bytes``).
        """
        image = QImage() if array is None else to_qimage(array)
        if image.size() != self._image.size():
            self._scale = None
            self._cell = (-1, -1)
        self._array, self._image, self._shrunk = array, image, QImage()
        self.update()

    def set_caption(self, text: str) -> None:
        """Name the picture in the line above it."""
        self._caption = text
        self.setAccessibleName(text or "Picture")
        self.update()

    def set_placeholder(self, text: str) -> None:
        """What is said while there is no picture."""
        self._placeholder = text
        self.update()

    def fit(self) -> None:
        """Show the whole picture, as large as the view allows."""
        self._scale = None
        self.update()

    def zoom(self, factor: float, anchor: QPointF | None = None) -> None:
        """Magnify ``factor`` times around ``anchor`` (view coordinates; the middle without one)."""
        if self._image.isNull():
            return
        area = self._area()
        anchor = area.center() if anchor is None else anchor
        fixed = self._to_source(anchor)
        smallest = self._fit_scale()
        scale = min(self._current_scale() * factor, max(_WIDEST, smallest))
        if scale <= smallest * 1.001:
            self.fit()
            return
        self._scale = scale
        self._centre = fixed - (anchor - area.center()) / scale
        self._keep_in_sight()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a small digit with its caption."""
        return QSize(220, 220 + round(self._header()))

    def minimumSizeHint(self) -> QSize:
        """The smallest size at which the picture is still worth seeing."""
        return QSize(96, 96 + round(self._header()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Header, picture, values, readout."""
        painter = QPainter(self)
        area = self._area()
        wears = theme.current()
        if self._caption:
            paint_header(painter, QRectF(self.rect()), self.font(), self._caption, self._shape())
        if self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(QColor(wears.border), 1, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            paint_placeholder(painter, area, self.font(), self._placeholder)
            return
        painter.setClipRect(area)
        self._paint_pixels(painter, area)
        if self._current_scale() >= self._numbers_from():
            self._paint_numbers(painter, area)
        if self._pointer is not None and self._cell[0] >= 0:
            self._paint_cell(painter, area, self._pointer)
        self.paint_focus(painter, self._picture_rect().intersected(area))

    def _paint_pixels(self, painter: QPainter, area: QRectF) -> None:
        target = self._picture_rect()
        ratio = self.devicePixelRatioF()
        if self._current_scale() * ratio >= 1:
            painter.drawImage(target, self._image)
            return
        size = (target.size() * ratio).toSize().expandedTo(QSize(1, 1))
        if self._shrunk.size() != size:  # averages areas, where drawImage would skip pixels
            self._shrunk = self._image.scaled(
                size,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        painter.drawImage(target, self._shrunk)

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        assert self._array is not None
        scale = self._current_scale()
        lines = 1 if self._array.ndim == 2 else 3
        font = tabular(self.font())
        font.setPixelSize(max(6, min(15, int(scale * (0.4 if lines == 1 else 0.255)))))
        if self._numbers_font != font.key():
            self._numbers = [QStaticText(str(value)) for value in range(256)]
            for text in self._numbers:
                text.prepare(font=font)
            self._numbers_font = font.key()
        painter.setFont(font)
        origin = self._picture_rect().topLeft()
        left, top = (area.topLeft() - origin).toTuple()
        right, bottom = (area.bottomRight() - origin).toTuple()
        first_row, first_column = max(0, int(top // scale)), max(0, int(left // scale))
        block = to_bytes(
            self._array[
                first_row : int(bottom // scale) + 1, first_column : int(right // scale) + 1
            ]
        )
        cells = block.reshape(*block.shape[:2], lines)
        luminance = cells @ np.array([1.0] if lines == 1 else [0.299, 0.587, 0.114])
        height = self._numbers[0].size().height()
        for is_bright, ink in ((True, "#000000"), (False, "#ffffff")):
            colour = QColor(ink)
            colour.setAlphaF(0.82)
            painter.setPen(colour)
            for row, column in np.argwhere((luminance > 127) == is_bright).tolist():
                x = origin.x() + (first_column + column + 0.5) * scale
                y = origin.y() + (first_row + row + 0.5) * scale - lines * height / 2
                for value in cells[row, column].tolist():
                    text = self._numbers[value]
                    painter.drawStaticText(QPointF(x - text.size().width() / 2, y), text)
                    y += height

    def _paint_cell(self, painter: QPainter, area: QRectF, pointer: QPointF) -> None:
        row, column = self._cell
        scale = self._current_scale()
        if scale >= 4:
            origin = self._picture_rect().topLeft()
            cell = QRectF(origin.x() + column * scale, origin.y() + row * scale, scale, scale)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.current().accent), 1.5))
            painter.drawRect(cell)
        readout = f"row {row}, column {column}: {self._value(row, column)}"
        paint_readout(painter, area, self.font(), readout, pointer)

    def _value(self, row: int, column: int) -> str:
        assert self._array is not None
        value = self._array[row, column]
        levels = to_bytes(self._array[row : row + 1, column : column + 1]).reshape(-1).tolist()
        shown = ", ".join(map(str, levels))
        if self._array.dtype == np.uint8:
            return shown
        exact = ", ".join(f"{part:.3f}" for part in np.atleast_1d(value).tolist())
        return f"{exact}  ({shown} / 255)"

    def _shape(self) -> str:
        return "" if self._array is None else " × ".join(map(str, self._array.shape))

    def _own_pixels(self) -> QImage | None:
        return None if self._image.isNull() else self._image

    def _header(self) -> float:
        return header_height(self.font()) if self._caption else 0.0

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, self._header(), 0, 0)

    def _numbers_from(self) -> float:
        is_gray = self._array is not None and self._array.ndim == 2
        return NUMBERS_FROM if is_gray else NUMBERS_FROM * 1.2  # three lines need the room

    def _fit_scale(self) -> float:
        area = self._area()
        width, height = max(1, self._image.width()), max(1, self._image.height())
        return max(1e-3, min(area.width() / width, area.height() / height))

    def _current_scale(self) -> float:
        return self._fit_scale() if self._scale is None else self._scale

    def _picture_rect(self) -> QRectF:
        """Where the whole picture lies, in view coordinates, on whole device pixels."""
        scale, middle = self._current_scale(), self._area().center()
        width, height = self._image.width(), self._image.height()
        centre = QPointF(width / 2, height / 2) if self._scale is None else self._centre
        corner = middle - centre * scale
        ratio = self.devicePixelRatioF()
        return QRectF(
            round(corner.x() * ratio) / ratio,
            round(corner.y() * ratio) / ratio,
            width * scale,
            height * scale,
        )

    def _to_source(self, point: QPointF) -> QPointF:
        return (point - self._picture_rect().topLeft()) / self._current_scale()

    def _keep_in_sight(self) -> None:
        """The middle of the view always lies on the picture, so it cannot be lost."""
        self._centre = QPointF(
            min(max(self._centre.x(), 0.0), self._image.width()),
            min(max(self._centre.y(), 0.0), self._image.height()),
        )

    def _pan(self, delta: QPointF) -> None:
        if self._scale is not None:
            self._centre -= delta / self._scale
            self._keep_in_sight()
            self.update()

    def _point_at(self, pointer: QPointF | None) -> None:
        cell = (-1, -1)
        if pointer is not None and not self._image.isNull() and self._area().contains(pointer):
            source = self._to_source(pointer)
            row, column = int(np.floor(source.y())), int(np.floor(source.x()))
            if 0 <= row < self._image.height() and 0 <= column < self._image.width():
                cell = (row, column)
        self._pointer = pointer
        if cell != self._cell:
            self._cell = cell
            self.hovered.emit(*cell)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        self.zoom(_STEP ** (event.angleDelta().y() / 120), event.position())
        self._point_at(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture, or read the pixel under the pointer."""
        if self._grip is not None:
            self._pan(event.position() - self._grip)
            self._grip = event.position()
        self._point_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """The readout goes with the pointer."""
        self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """+ and - zoom, 0 fits, arrows pan."""
        key, step = event.key(), 40.0
        pans = {
            Qt.Key.Key_Left: QPointF(step, 0),
            Qt.Key.Key_Right: QPointF(-step, 0),
            Qt.Key.Key_Up: QPointF(0, step),
            Qt.Key.Key_Down: QPointF(0, -step),
        }
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in pans and self._scale is not None:
            self._pan(pans[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs a new painting."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
        super().changeEvent(event)
