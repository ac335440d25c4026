"""A form for any frozen dataclass of settings whose fields explain themselves."""

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.settings import Explanation, SettingsError, explain


class PlainNumber(QDoubleSpinBox):
    """A number over many orders of magnitude, shown with no more digits than it has (0.0023)."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.setDecimals(10)
        self.setRange(low, high)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:
        """The shortest text that reads back as the value."""
        return f"{value:.6g}"

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Also accept 1e-3."""
        try:
            inside = self.minimum() <= float(text) <= self.maximum()
        except ValueError:
            return QValidator.State.Intermediate, text, position
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position

    def valueFromText(self, text: str) -> float:
        """The number that the text means; the present one if it means none."""
        try:
            number = float(text)
        except ValueError:
            return self.value()
        return number if math.isfinite(number) else self.value()


class SettingsForm(QScrollArea):
    """One row a setting: its name, its value, and its meaning and usual range as the tooltip.

    settings: what the rows show. A value that the settings refuse is said and taken back.
    """

    changed = Signal()

    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self._editors: dict[str, QWidget] = {}
        self._problem = QLabel()
        self._problem.setProperty("role", "problem")
        self._problem.setWordWrap(True)
        self._problem.hide()
        body = QFrame()
        form = QFormLayout()
        form.setContentsMargins(0, 0, 6, 0)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, explanation in explain(settings).items():
            editor = self._editor(name, explanation)
            title = name.replace("_", " ")
            label = QLabel(title)
            for widget in (label, editor):
                widget.setToolTip(f"<b>{title}</b><br>{explanation.help}")
            editor.setAccessibleName(title)
            # Spin boxes ask for the width of their largest number, a thousand million.
            editor.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            form.addRow(label, editor)
            self._editors[name] = editor
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._problem)
        layout.addLayout(form)
        layout.addStretch()
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def freeze(self, names: tuple[str, ...], frozen: bool) -> None:
        """Lock settings that only count at the start of a run, while one is on."""
        for name in names:
            self._editors[name].setEnabled(not frozen)

    def set_value(self, name: str, value: Any) -> None:
        """Write a setting into its row, as if it were typed there."""
        self._write(name, value)
        self._edited(name, value)

    def _write(self, name: str, value: Any) -> None:
        editor = self._editors[name]
        with QSignalBlocker(editor):
            if isinstance(editor, QLineEdit):
                editor.setText(in_text(value))
            elif isinstance(editor, QSpinBox | QDoubleSpinBox):
                editor.setValue(value)

    def _editor(self, name: str, explanation: Explanation) -> QWidget:
        value = getattr(self.settings, name)
        if isinstance(value, tuple):
            line = QLineEdit(in_text(value))
            line.editingFinished.connect(lambda: self._edited(name, line.text()))
            return line
        if isinstance(value, int):
            whole = QSpinBox()
            whole.setRange(int(explanation.low), int(min(explanation.high, 2**31 - 1)))
            whole.setGroupSeparatorShown(True)
            whole.lineEdit().setTextMargins(5, 0, 0, 0)
            whole.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
            whole.setKeyboardTracking(False)
            whole.setValue(value)
            whole.valueChanged.connect(lambda number: self._edited(name, number))
            return whole
        number = PlainNumber(explanation.low, explanation.high)
        number.setKeyboardTracking(False)
        number.lineEdit().setTextMargins(5, 0, 0, 0)
        number.setValue(value)
        number.valueChanged.connect(lambda real: self._edited(name, real))
        return number

    def _edited(self, name: str, value: Any) -> None:
        before = getattr(self.settings, name)
        title = name.replace("_", " ")
        try:
            if isinstance(value, str):
                value = tuple(int(part) for part in value.split(","))
            self.settings = replace(self.settings, **{name: value})
        except SettingsError as error:
            self._take_back(name, str(error).replace(name, title))
        except ValueError:
            self._take_back(name, f"{title}: write whole numbers with commas, such as 64, 64.")
        else:
            if value != before:
                self._problem.hide()
                self.changed.emit()

    def _take_back(self, name: str, problem: str) -> None:
        """Say why, and show the value that still counts."""
        value = getattr(self.settings, name)
        self._write(name, value)
        self._problem.setText(
            f"{problem} It stays at {in_text(value) if isinstance(value, tuple) else value}."
        )
        self._problem.show()
        self.ensureVisible(0, 0)


def in_text(numbers: tuple[int, ...]) -> str:
    """For example ``256, 256``."""
    return ", ".join(str(number) for number in numbers)
