"""Named numbers as horizontal bars: probabilities, or signed values such as Q-values."""

import math
from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme
from gui.widgets.lettering import (
    SMALL,
    figure,
    header_height,
    paint_header,
    paint_placeholder,
    tabular,
)
from gui.widgets.picture import add_picture_actions

Mode = Literal["probability", "signed"]
_GAP = 10.0
_TALLEST_ROW = 38.0


class SteadyScale:
    """An axis from ``low`` <= 0 to ``high`` >= 0 that follows the values without jitter.

    It widens at once, with a tenth to spare, and narrows gently (5% of the way an update) only
    while the values need less than half of it.
    """

    def __init__(self) -> None:
        self.low, self.high = 0.0, 0.0

    def follow(self, values: Sequence[float]) -> None:
        """Take in the newest values; those that are not finite are passed over."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        if low < self.low:
            self.low = low * 1.1
        if high > self.high:
            self.high = high * 1.1
        if high - low < 0.5 * (self.high - self.low):
            self.low += 0.05 * (low * 1.1 - self.low)
            self.high += 0.05 * (high * 1.1 - self.high)

    def place(self, value: float) -> float:
        """Where ``value`` lies on the axis, in [0, 1]."""
        span = self.high - self.low
        return min(max((value - self.low) / span, 0.0), 1.0) if span > 0 else 0.0


class Bars(QWidget):
    """A row of label, bar and figure for each value; the highlighted row stands out.

    Rows keep their order while all fit. With more labels than fit, the largest values are shown,
    sorted, and the highlighted row is always among them.
    """

    def __init__(self, mode: Mode = "probability", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = mode
        self._title = ""
        self._placeholder = "No values yet"
        self._labels: tuple[str, ...] = ()
        self._before: tuple[float, ...] | None = None
        self._values: tuple[float, ...] = ()
        self._highlight: int | None = None
        self._scale = SteadyScale()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Values")
        self.setToolTip("The values of the newest picture or state")
        add_picture_actions(self, lambda: self._title or "values")

    def set_title(self, text: str) -> None:
        """Name the bars in the line above them."""
        self._title = text
        self.setAccessibleName(text or "Values")
        self.update()

    def set_placeholder(self, text: str) -> None:
        """What is said while there are no values."""
        self._placeholder = text
        self.update()

    def set_values(
        self, labels: Sequence[str], values: Sequence[float], highlight: int | None = None
    ) -> None:
        """Show one value a label; ``highlight`` is the index of the row that matters.

        Probabilities are in [0, 1]; signed values are any numbers. Not-a-number shows as a dash.

        Raises:
            ValueError: labels and values differ in number.
        """
        self._store(labels, None, values, highlight)

    def set_pair(
        self, labels: Sequence[str], before: Sequence[float], after: Sequence[float]
    ) -> None:
        """Show two values a label: of the original input, and of the adversarial one.

        Raises:
            ValueError: labels and values differ in number.
        """
        self._store(labels, before, after, None)

    def _store(
        self,
        labels: Sequence[str],
        before: Sequence[float] | None,
        values: Sequence[float],
        highlight: int | None,
    ) -> None:
        if len(labels) != len(values) or (before is not None and len(before) != len(labels)):
            raise ValueError(f"{len(labels)} labels need {len(labels)} values, not {len(values)}.")
        self._labels = tuple(labels)
        self._values = tuple(map(float, values))
        self._before = None if before is None else tuple(map(float, before))
        self._highlight = highlight
        if self._mode == "signed":
            self._scale.follow([*self._values, *(self._before or ())])
        self.update()

    def rows(self) -> list[int]:
        """Indices of the labels that fit in the present height, from top to bottom."""
        count = len(self._labels)
        room = max(1, int((self.height() - self._head()) // self._lowest_row()))
        if count <= room:
            return list(range(count))
        pairs = zip(self._values, self._before or self._values, strict=True)
        sizes = [max((v for v in pair if not math.isnan(v)), default=-math.inf) for pair in pairs]
        best = sorted(range(count), key=lambda index: -sizes[index])[:room]
        if self._highlight is not None and self._highlight not in best:
            best[-1] = self._highlight
        return best

    def sizeHint(self) -> QSize:
        """Room for the rows that there are, ten while there are none."""
        rows = len(self._labels) or 10
        return QSize(260, round(self._head() + rows * self._lowest_row() * 1.25))

    def minimumSizeHint(self) -> QSize:
        """Two rows."""
        return QSize(150, round(self._head() + 2 * self._lowest_row()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Header, then the rows."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        legend = self._paint_legend(painter, area) if self._before is not None else 0.0
        if self._title:
            paint_header(painter, area.adjusted(0, 0, -legend, 0), self.font(), self._title)
        if not self._labels:
            area.setTop(self._head())
            paint_placeholder(painter, area, self.font(), self._placeholder)
            return
        rows = self.rows()
        font, strong = tabular(self.font()), tabular(self.font(), bold=True)
        labels = max(QFontMetricsF(strong).horizontalAdvance(self._labels[row]) for row in rows)
        labels = min(labels, area.width() * 0.36)
        figures = self._figures_width()
        track = QRectF(labels + _GAP, 0, area.width() - labels - figures - 2 * _GAP, 0)
        height = self._row_height(len(rows))
        for place, row in enumerate(rows):
            line = QRectF(0, self._head() + place * height, area.width(), height)
            stands_out = row == self._highlight
            painter.setFont(strong if stands_out else font)
            painter.setPen(QColor(theme.current().text))
            label = painter.fontMetrics().elidedText(
                self._labels[row], Qt.TextElideMode.ElideRight, math.ceil(labels)
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, label)
            if track.width() > 8:
                self._paint_bars(
                    painter, QRectF(track.left(), line.top(), track.width(), height), row
                )
            self._paint_figures(painter, line, row)

    def _paint_bars(self, painter: QPainter, track: QRectF, row: int) -> None:
        wears = theme.current()
        values = self._series(row)
        thick = min(track.height() * (0.56 if len(values) == 1 else 0.36), 16.0)
        top = track.center().y() - (thick * len(values) + 2 * (len(values) - 1)) / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = min(3.0, thick / 2)
        zero = track.left() + self._place(0.0) * track.width()
        for value, colour in values:
            line = QRectF(track.left(), top, track.width(), thick)
            painter.setBrush(QColor(wears.raised))
            painter.drawRoundedRect(line, radius, radius)
            if not math.isnan(value):
                tip = track.left() + self._place(value) * track.width()
                painter.setBrush(colour)
                painter.setClipRect(QRectF(min(zero, tip), top, abs(tip - zero), thick))
                painter.drawRoundedRect(
                    line
                    if self._mode == "probability"
                    else QRectF(min(zero, tip), top, abs(tip - zero), thick),
                    radius,
                    radius,
                )
                painter.setClipping(False)
            top += thick + 2
        if self._mode == "signed":
            painter.fillRect(
                QRectF(zero - 0.5, track.top(), 1, track.height()), QColor(wears.muted)
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_figures(self, painter: QPainter, line: QRectF, row: int) -> None:
        wears = theme.current()
        painter.setFont(tabular(self.font(), SMALL, bold=row == self._highlight))
        values = self._series(row)
        column = self._figures_width() / len(values)
        right = line.right()
        for value, colour in reversed(values):
            cell = QRectF(right - column, line.top(), column, line.height())
            alone = wears.text if row == self._highlight else wears.muted
            painter.setPen(colour if len(values) == 2 else QColor(alone))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(cell, flags, self._figure(value))
            right -= column

    def _paint_legend(self, painter: QPainter, area: QRectF) -> float:
        """The two colours and their names, at the right of the header; returns their width."""
        wears = theme.current()
        painter.setFont(tabular(self.font(), SMALL))
        metrics = QFontMetricsF(painter.font())
        right, middle = area.right(), (header_height(self.font()) - 6) / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name, colour in (("adversarial", wears.adversarial), ("original", wears.original)):
            width = metrics.horizontalAdvance(name)
            right -= width
            painter.setPen(QColor(wears.muted))
            painter.drawText(
                QRectF(right, 0, width + 1, 2 * middle), Qt.AlignmentFlag.AlignVCenter, name
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(right - 13, middle - 4, 8, 8), 2, 2)
            right -= 27
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return area.right() - right

    def _series(self, row: int) -> list[tuple[float, QColor]]:
        """The values of one row, each with its colour."""
        wears = theme.current()
        if self._before is not None:
            return [
                (self._before[row], QColor(wears.original)),
                (self._values[row], QColor(wears.adversarial)),
            ]
        colour = QColor(wears.prediction)
        if self._highlight is not None and row != self._highlight:
            colour.setAlphaF(0.45)
        return [(self._values[row], colour)]

    def _place(self, value: float) -> float:
        return (
            min(max(value, 0.0), 1.0) if self._mode == "probability" else self._scale.place(value)
        )

    def _figure(self, value: float) -> str:
        if not math.isfinite(value):
            return figure(value)
        if self._mode == "probability":
            return f"{100 * value:.1f}%"
        largest = max(self._scale.high, -self._scale.low)
        decimals = 3 if largest < 1 else 2 if largest < 100 else 1  # points stand in one column
        return f"{value:.{decimals}f}".replace("-", "−") if largest < 1e5 else figure(value)

    def _figures_width(self) -> float:
        metrics = QFontMetricsF(tabular(self.font(), SMALL, bold=True))
        widest = metrics.horizontalAdvance("100.0%" if self._mode == "probability" else "−0.0000")
        return widest if self._before is None else 2 * (widest + 6)

    def _head(self) -> float:
        return header_height(self.font()) if self._title or self._before is not None else 0.0

    def _lowest_row(self) -> float:
        height = QFontMetricsF(self.font()).height()
        return math.ceil(height + (1 if self._before is None else 4))

    def _row_height(self, count: int) -> float:
        return min((self.height() - self._head()) / count, _TALLEST_ROW)

    def event(self, event: QEvent) -> bool:
        """A row's tooltip says its whole label and its exact values."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._labels:
            rows = self.rows()
            place = (event.pos().y() - self._head()) / self._row_height(len(rows))
            if 0 <= place < len(rows):
                row = rows[int(place)]
                exact = " → ".join(f"{value:.6g}" for value, _ in self._series(row))
                QToolTip.showText(event.globalPos(), f"{self._labels[row]}: {exact}", self)
                return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme or font needs a new painting."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
        super().changeEvent(event)
