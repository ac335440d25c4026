"""A square pad to draw a digit on: white ink on black, as in MNIST, in either theme."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QImage,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from gui import theme
from gui.widgets.lettering import paint_placeholder
from gui.widgets.picture import add_picture_actions, from_qimage

SIDE = 280  # pixels of the picture that is handed out
_PIECE = 24  # points after which a stroke under way is inked for good, so that long ones stay fast

Polyline = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Stroke:
    """One line of the pen, in units of the pad's side: (0, 0) is the top left, (1, 1) the end."""

    points: tuple[tuple[float, float], ...]
    width: float
    erases: bool = False

    def path(self) -> QPainterPath:
        """A smooth curve: the points steer it, the middles between them lie on it."""
        first, *others = (QPointF(x, y) for x, y in self.points)
        path = QPainterPath(first)
        last = first
        for point in others:
            path.quadTo(last, (last + point) / 2)
            last = point
        path.lineTo(last + QPointF(1e-4, 0))  # a dot too has a length, or it would not be inked
        return path


def demo_digit() -> list[Polyline]:
    """The strokes of a handwritten 3, for ``DrawPad.set_strokes``."""
    upper = [(0.5 + 0.17 * np.cos(a), 0.335 + 0.135 * np.sin(a)) for a in _turn(-160, 80)]
    lower = [(0.485 + 0.205 * np.cos(a), 0.635 + 0.17 * np.sin(a)) for a in _turn(-75, 150)]
    return [[(float(x), float(y)) for x, y in (*upper, *lower)]]


def _turn(start: float, end: float) -> NDArray[np.float64]:
    return np.radians(np.linspace(start, end, 24))


class DrawPad(QWidget):
    """Left button or pen draws, right button erases, Delete clears, Ctrl+Z undoes."""

    changed = Signal()
    """The picture is another one now: sent during a stroke too, so that a network can follow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = 22 / SIDE
        self._strokes: tuple[Stroke, ...] = ()
        self._earlier: list[tuple[Stroke, ...]] = []
        self._is_given = False  # strokes that were set make way for the person's first own one
        self._drawing: list[tuple[float, float]] | None = None
        self._erasing = False
        self._settled: dict[int, tuple[tuple[Stroke, ...], QImage]] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Drawing pad")
        self.setToolTip("Draw a digit. The right button erases, Delete clears, Ctrl+Z undoes.")
        add_picture_actions(self, lambda: "drawing", lambda: self._rendered(SIDE))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.clear_action = self._action("Clear", QKeySequence.StandardKey.Delete, self.clear)
        self.undo_action = self._action("Undo", QKeySequence.StandardKey.Undo, self.undo)
        self._enable_actions()

    def image(self) -> NDArray[np.float32]:
        """The drawing as RGB, shape (280, 280, 3), float32 in [0, 1]: 1 is ink."""
        return from_qimage(self._rendered(SIDE)).astype(np.float32) / np.float32(255)

    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self._strokes and self._drawing is None

    def set_strokes(self, polylines: Sequence[Polyline]) -> None:
        """Draw lines given as points in [0, 1] of the pad's side, x to the right and y down.

        They make way for the first stroke that the person draws; undo brings them back.
        """
        strokes = (Stroke(tuple(line), self._width) for line in polylines if len(line) > 0)
        self._become(tuple(strokes))
        self._is_given = True

    def set_brush(self, width: float) -> None:
        """Width of the pen from now on, in pixels of the 280-pixel picture (22 at first)."""
        self._width = width / SIDE

    def clear(self) -> None:
        """Wipe the pad; undo brings the drawing back."""
        if self._strokes and self._drawing is None:
            self._become(())

    def undo(self) -> None:
        """Take back the last stroke, or the last clearing."""
        if self._earlier and self._drawing is None:
            self._strokes = self._earlier.pop()
            self._announce()

    def _become(self, strokes: tuple[Stroke, ...]) -> None:
        self._earlier.append(self._strokes)
        self._strokes = strokes
        self._is_given = False
        self._announce()

    def _announce(self) -> None:
        self._enable_actions()
        self.update()
        self.changed.emit()

    def _enable_actions(self) -> None:
        self.clear_action.setEnabled(bool(self._strokes))
        self.undo_action.setEnabled(bool(self._earlier))

    def _action(self, text: str, shortcut: QKeySequence.StandardKey, slot: object) -> QAction:
        action = QAction(text, self)
        action.setShortcut(shortcut)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def _rendered(self, side: int) -> QImage:
        """The drawing, ``side`` pixels wide; finished strokes are inked once and kept."""
        strokes, image = self._settled.get(side, ((), QImage()))
        if image.isNull() or strokes != self._strokes:
            if image.isNull() or strokes != self._strokes[: len(strokes)]:
                image = QImage(side, side, QImage.Format.Format_RGB32)
                image.fill(Qt.GlobalColor.black)
                strokes = ()
            _ink(image, self._strokes[len(strokes) :])
            self._settled = {s: kept for s, kept in self._settled.items() if s == SIDE}
            self._settled[side] = (self._strokes, image)
        if self._drawing is not None:
            image = image.copy()
            _ink(image, (Stroke(tuple(self._drawing), self._width, self._erasing),))
        return image

    def sizeHint(self) -> QSize:
        """One screen pixel for each pixel of the picture."""
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        """Still large enough to draw on."""
        return QSize(120, 120)

    def hasHeightForWidth(self) -> bool:
        """The pad likes to be square."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Square."""
        return width

    def _square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ink, a frame, and the hint while there is no ink."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square, ratio = self._square(), self.devicePixelRatioF()
        frame = QPainterPath()
        frame.addRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setClipPath(frame)
        painter.drawImage(square, self._rendered(max(1, round(square.width() * ratio))))
        painter.setClipping(False)
        wears = theme.current()
        painter.setPen(QPen(QColor(wears.accent if self.hasFocus() else wears.border), 1))
        painter.drawPath(frame)
        if self.is_empty():
            paint_placeholder(painter, square, self.font(), "draw a digit")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Set the pen down."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        self._erasing = event.button() == Qt.MouseButton.RightButton
        if self._erasing and self.is_empty():
            return
        self._earlier.append(self._strokes)
        if self._is_given and not self._erasing:
            self._strokes = ()
        self._is_given = False
        self._drawing = [self._to_unit(event.position())]
        self._announce()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if self._drawing is not None:
            self._drawing.append(self._to_unit(event.position()))
            if len(self._drawing) >= _PIECE:
                end = self._drawing[-1]
                self._settle(self._drawing)
                self._drawing = [end]
            self._announce()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the pen: the stroke is finished."""
        if self._drawing is not None:
            self._settle(self._drawing)
            self._drawing = None
            self._announce()

    def _settle(self, points: list[tuple[float, float]]) -> None:
        self._strokes = (*self._strokes, Stroke(tuple(points), self._width, self._erasing))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key opens the menu; the right button is the eraser."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            QMenu.exec(self.actions(), self.mapToGlobal(self.rect().center()), None, self)

    def _to_unit(self, point: QPointF) -> tuple[float, float]:
        square = self._square()
        place = (point - square.topLeft()) / max(1.0, square.width())
        return place.x(), place.y()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs a new painting."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
        super().changeEvent(event)


def _ink(image: QImage, strokes: Sequence[Stroke]) -> None:
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(image.width(), image.height())
    for stroke in strokes:
        pen = QPen(Qt.GlobalColor.black if stroke.erases else Qt.GlobalColor.white)
        pen.setWidthF(stroke.width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(stroke.path(), pen)
    painter.end()
