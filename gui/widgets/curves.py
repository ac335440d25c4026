"""Curves of measured numbers over time, fast enough for a million points."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from gui import theme
from gui.widgets.lettering import (
    SMALL,
    figure,
    header_height,
    paint_header,
    tabular,
)
from gui.widgets.picture import add_picture_actions, ask_path, write_or_tell

_GAP = 12.0  # pixels between two names of the legend
_SIGN = 20.0  # pixels for the line or dot before a name
_SMOOTH_UP_TO = 2000  # points, beyond which anti-aliasing costs more than it gives
_WIDE_UP_TO = 50_000  # points, beyond which lines of one pixel paint twice as fast


@dataclass
class _Curve:
    name: str
    colour_role: str
    width: float
    faint: bool
    markers: bool
    item: Any  # pyqtgraph.PlotDataItem
    x: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    y: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    is_wide: bool = True
    bounds: tuple[float, float] | None = None  # lowest and highest finite y


class _Plane(pyqtgraph.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """Left drag pans and the wheel zooms; the right button is left to the menu.

    It rules the faint lines itself: pyqtgraph's grid belongs to the axis, which then repaints its
    texts with every new point (4.5 of 6 ms a frame).
    """

    axis: Any = None  # the pyqtgraph.AxisItem whose major ticks are ruled

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """Horizontal lines at the ticks, while they carry numbers."""
        if self.axis is None or not self.axis.style["showValues"]:
            return
        (_, _), (low, high) = self.viewRange()
        height, width = self.height(), self.width()
        colour = QColor(theme.current().border)
        colour.setAlphaF(0.5)
        painter.setPen(colour)
        levels = self.axis.tickValues(low, high, height)[:2]
        for value in (value for _, values in levels for value in values):
            y = round(height * (high - value) / (high - low))
            painter.drawLine(QPointF(0, y), QPointF(width, y))

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Pan, unless the right button drags."""
        if event.button() == Qt.MouseButton.RightButton:
            event.ignore()
        else:
            super().mouseDragEvent(event, axis)


class Curves(QWidget):
    """Named curves on one pair of axes, with a legend, a header and a readout in the header.

    The axes follow the data until the person zooms or pans; a double-click fits them again. What
    was not measured is not drawn: a line breaks at not-a-number, and sparse measurements
    (``markers=True``) are points with no line between them.
    """

    def __init__(
        self, title: str, x_label: str, y_label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title, self._x_label, self._y_label = title, x_label, y_label
        self._curves: dict[str, _Curve] = {}
        self._follows = True
        self._fixed_y: tuple[float, float] | None = None
        self._range: tuple[float, float, float, float] | None = None
        self._readout = ""
        self._plane = _Plane(enableMenu=False)
        self._plot = pyqtgraph.PlotWidget(self, background=None, viewBox=self._plane)
        self._plot.hideButtons()
        self._plane.axis = self._plot.getAxis("left")
        self._plot.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._plot.viewport().installEventFilter(self)
        self._plot.viewport().setMouseTracking(True)
        self._plane.disableAutoRange()
        self._plane.sigRangeChangedManually.connect(self._stop_following)
        self._placeholder = QLabel("Nothing measured yet")
        self._placeholder.setProperty("role", "muted")
        self._placeholder.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QGridLayout(self)
        layout.addWidget(self._plot, 0, 0)
        layout.addWidget(self._placeholder, 0, 0, Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        self.setToolTip("Wheel zooms, drag moves, double-click or 0 fits")
        add_picture_actions(self, lambda: self._title)
        self.fit_action = QAction("Fit", self)
        self.fit_action.setShortcut(Qt.Key.Key_0)
        self.export_action = QAction("Export CSV…", self)
        self.export_action.triggered.connect(self._export)
        self.fit_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.fit_action.triggered.connect(self.fit)
        self.addActions([self.export_action, self.fit_action])
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setStyle(showValues=False)
        self._dress()

    def add(
        self,
        name: str,
        colour_role: str,
        *,
        width: float = 1.5,
        faint: bool = False,
        markers: bool = False,
    ) -> None:
        """Make a curve, named as in the legend.

        colour_role: a colour field of ``theme.Theme``, such as ``"returns"``.
        faint: drawn in the background of another curve, such as raw values behind their mean.
        markers: points with no line, for sparse measurements such as evaluations.
        """
        item = self._plot.plot(name=name)
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        self._curves[name] = _Curve(name, colour_role, width, faint, markers, item)
        self._dress_curve(self._curves[name])

    def remove_all(self) -> None:
        """Take every curve away, such as those of another game's actions."""
        for curve in self._curves.values():
            self._plot.removeItem(curve.item)
        self._curves.clear()
        self._placeholder.show()
        self.fit()

    def set_data(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Show ``y`` over ``x``: one-dimensional, of one length, ``x`` rising.

        Raises:
            ValueError: the lengths differ.
        """
        curve = self._curves[name]
        curve.x, curve.y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if curve.x.shape != curve.y.shape or curve.x.ndim != 1:
            raise ValueError(
                f"The curve “{name}” needs one y for each x: "
                f"x has shape {curve.x.shape}, y has {curve.y.shape}."
            )
        curve.bounds = _bounds(curve.y)
        if (curve.x.size <= _WIDE_UP_TO) != curve.is_wide:
            curve.is_wide = not curve.is_wide
            self._dress_curve(curve)
        self._show_scales(any(other.x.size for other in self._curves.values()))
        if self._follows:
            self._fit_range()
        curve.item.setData(curve.x, curve.y, antialias=curve.x.size <= _SMOOTH_UP_TO)

    def set_y_range(self, low: float, high: float) -> None:
        """Fix the vertical axis, such as 0 to 500 for a return that is bounded."""
        self._fixed_y = (low, high)
        if self._follows:
            self._fit_range()

    def set_placeholder(self, text: str) -> None:
        """What is said while nothing is measured."""
        self._placeholder.setText(text)

    def clear(self) -> None:
        """Forget all points; the curves stay."""
        for name in self._curves:
            self.set_data(name, [], [])
        self._readout = ""
        self.fit()

    def fit(self) -> None:
        """Show everything, and follow the data again."""
        self._follows = True
        self._range = None
        self._fit_range()

    def view_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What the axes span now: (left, right), (low, high)."""
        (left, right), (low, high) = self._plane.viewRange()
        return (left, right), (low, high)

    @property
    def readout(self) -> str:
        """What the header says was measured at the pointer; empty when it is elsewhere."""
        return self._readout

    def csv_text(self) -> str:
        """All points: wide (one column a curve) where all share their x, else long."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        curves = list(self._curves.values())
        if curves and all(np.array_equal(curve.x, curves[0].x) for curve in curves):
            writer.writerow([self._x_label, *(curve.name for curve in curves)])
            writer.writerows(
                zip(curves[0].x.tolist(), *(c.y.tolist() for c in curves), strict=True)
            )
        else:
            writer.writerow(["curve", self._x_label, self._y_label])
            for curve in curves:
                points = zip(curve.x.tolist(), curve.y.tolist(), strict=True)
                writer.writerows((curve.name, x, y) for x, y in points)
        return text.getvalue()

    def sizeHint(self) -> QSize:
        """A calm landscape."""
        return QSize(420, 240)

    def minimumSizeHint(self) -> QSize:
        """Axes and a little of the curve."""
        return QSize(180, 120)

    def _fit_range(self) -> None:
        """Both ranges from the data, set only when changed (pyqtgraph's own way costs more)."""
        seen = [curve for curve in self._curves.values() if curve.bounds is not None]
        if not seen:
            wanted = (0.0, 1.0, *(self._fixed_y or (0.0, 1.0)))
        else:
            left = min(float(curve.x[0]) for curve in seen)
            right = max(float(curve.x[-1]) for curve in seen)
            low = min(curve.bounds[0] for curve in seen if curve.bounds)
            high = max(curve.bounds[1] for curve in seen if curve.bounds)
            held = self._range or (0.0, 0.0, 0.0, 0.0)
            across = _calm(left, right, (held[0], held[1]), (0.01, 0.08))
            up = self._fixed_y or _calm(low, high, (held[2], held[3]), (0.08, 0.08))
            wanted = (*across, *up)
        if wanted != self._range:
            self._range = wanted
            self._plane.setRange(xRange=wanted[:2], yRange=wanted[2:], padding=0)

    def _show_scales(self, measured: bool) -> None:
        """Axes carry numbers only once something is measured."""
        if measured == self._placeholder.isHidden():
            return
        self._placeholder.setVisible(not measured)
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setStyle(showValues=measured)

    def _stop_following(self, *_: object) -> None:
        self._follows = False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The header, with what was measured at the pointer, or else with the legend."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        paint_header(painter, area, self.font(), self._title, self._readout)
        if not self._readout and len(self._curves) > 1:
            self._paint_legend(painter)

    def _paint_legend(self, painter: QPainter) -> None:
        """Names in the header, where they cover no curve; the first ones go where room is short."""
        wears = theme.current()
        font = tabular(self.font(), SMALL)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        title = QFontMetricsF(tabular(self.font(), bold=True))
        line = title.height()
        right, left_end = float(self.width()), title.horizontalAdvance(self._title) + _GAP
        for curve in reversed(self._curves.values()):
            left = right - metrics.horizontalAdvance(curve.name) - _SIGN
            if left < left_end:
                return
            name = QRectF(left + _SIGN, 0, right - left, line)
            painter.setPen(QColor(wears.muted))
            painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, curve.name)
            colour = QColor(getattr(wears, curve.colour_role))
            colour.setAlphaF(0.5 if curve.faint else 1.0)
            centre = QPointF(left + _SIGN / 2 - 3, line / 2)
            if curve.markers:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawEllipse(centre, 3, 3)
            else:
                painter.setPen(QPen(colour, 2.0))
                painter.drawLine(centre - QPointF(6, 0), centre + QPointF(6, 0))
            right = left - _GAP

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Read at the pointer; a double-click fits; say so while there is nothing to see."""
        kind = event.type()
        if kind == QEvent.Type.MouseMove:
            self._read_at(event.position())  # type: ignore[attr-defined]
        elif kind == QEvent.Type.Leave:
            self._set_readout("")
        elif kind == QEvent.Type.MouseButtonDblClick:
            self.fit()
            return True
        return super().eventFilter(watched, event)

    def _read_at(self, pointer: QPointF) -> None:
        """The measurement nearest to the pointer's x, of each curve: nothing in between."""
        x = self._plane.mapSceneToView(self._plot.mapToScene(pointer.toPoint())).x()
        nearest = {c.name: _nearest(c.x, x) for c in self._curves.values() if c.x.size}
        if not nearest:
            return
        at = min((self._curves[n].x[i] for n, i in nearest.items()), key=lambda v: abs(v - x))
        parts = [
            f"{name} {figure(float(self._curves[name].y[index]))}"
            for name, index in nearest.items()
            if self._curves[name].x[index] == at
        ]
        self._set_readout(f"{self._x_label} {at:,.6g}:  " + "   ".join(parts))

    def _set_readout(self, text: str) -> None:
        if text != self._readout:
            self._readout = text
            self.update(0, 0, self.width(), int(header_height(self.font())))

    def _export(self) -> None:
        path = ask_path(self, self._title, "Table (*.csv)")
        if path is not None:
            write_or_tell(self, path, self.csv_text().encode())

    def _dress(self) -> None:
        """Give everything the theme's colours and the widget's font."""
        wears = theme.current()
        small = tabular(self.font(), SMALL)
        self._plot.setBackground(wears.panel)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(0, int(header_height(self.font())), 0, 0)
        for side, label in (("bottom", self._x_label), ("left", self._y_label)):
            axis = self._plot.getAxis(side)
            axis.setPen(QColor(wears.border))
            axis.setTextPen(QColor(wears.muted))
            axis.setTickFont(small)
            axis.setStyle(tickLength=-4, tickTextOffset=5)
            axis.label.setFont(small)
            axis.setLabel(label)
            axis.enableAutoSIPrefix(False)  # "environment steps (x1000)" is harder to read
        for curve in self._curves.values():
            self._dress_curve(curve)

    def _dress_curve(self, curve: _Curve) -> None:
        colour = QColor(getattr(theme.current(), curve.colour_role))
        if curve.faint:
            colour.setAlphaF(0.38)
        if curve.markers:
            curve.item.setPen(None)
            curve.item.setSymbol("o")
            curve.item.setSymbolSize(6)
            curve.item.setSymbolPen(None)
            curve.item.setSymbolBrush(colour)
        else:
            # pyqtgraph counts device pixels
            width = curve.width * self.devicePixelRatioF() if curve.is_wide else 1
            curve.item.setPen(pyqtgraph.mkPen(colour, width=width))

    def event(self, event: QEvent) -> bool:
        """Another screen may need other widths of line."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._dress()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs new pens."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()
            self.update()
        super().changeEvent(event)


def _bounds(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Lowest and highest finite value; None where there is none."""
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _calm(
    low: float, high: float, held: tuple[float, float], air: tuple[float, float]
) -> tuple[float, float]:
    """A range around low to high: the held one while it fits well, since each new one costs ticks.

    air: what is left free below and above, as parts of the span.
    """
    span = high - low
    if held[0] <= low and high <= held[1] and span >= 0.7 * (held[1] - held[0]):
        return held
    span = span or abs(high) or 1.0
    return low - air[0] * span, high + air[1] * span


def _nearest(places: NDArray[np.float64], x: float) -> int:
    """Index of the value of the rising ``places`` that is nearest to ``x``."""
    after = min(int(np.searchsorted(places, x)), places.size - 1)
    before = max(after - 1, 0)
    return before if abs(places[before] - x) <= abs(places[after] - x) else after
