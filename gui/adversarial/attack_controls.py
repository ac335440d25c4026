"""The controls of an attack: which one, towards what, how far, in how many steps."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.adversarial.attack import Attack, attacks
from engine.adversarial.comparison import Settings as AttackSettings
from gui.settings import Settings

LEVELS = 255  # of a saved picture; epsilon moves in whole levels
LARGEST_EPSILON = 128  # levels
L2_PER_LEVEL = 5.0 / LARGEST_EPSILON  # the same slider, over the lengths that fool digits
NORMS = (("L∞", "linf"), ("L2", "l2"))
UNTARGETED, LEAST_LIKELY = -1, -2
LARGEST_STEPS = 1000


class AttackControls(QWidget):
    """Two rows; ``changed`` whenever a control moves. It remembers its values."""

    changed = Signal()

    def __init__(self, remembered: Settings, transport: QWidget) -> None:
        """``transport`` stands beside the slider."""
        super().__init__()
        self._remembered = remembered
        self._attack = QComboBox()
        self._attack.setAccessibleName("Attack")
        for name, attack in attacks().items():
            self._attack.addItem(attack.title, name)
            self._attack.setItemData(
                self._attack.count() - 1, attack.source, Qt.ItemDataRole.ToolTipRole
            )
        self._attack.setCurrentIndex(
            max(0, self._attack.findData(remembered.get("lab/attack", "pgd")))
        )
        self._goal = QComboBox()
        self._goal.setAccessibleName("Goal")
        self._goal.setToolTip("Away from the true class, or towards one that you choose")
        self._goal.addItem("Untargeted", UNTARGETED)
        self._goal.addItem("To the least likely", LEAST_LIKELY)
        self._norm = QComboBox()
        self._norm.setAccessibleName("Norm")
        self._norm.setToolTip("What ε measures: the largest change of a pixel, or the whole length")
        for text, norm in NORMS:
            self._norm.addItem(text, norm)
        self._steps = QSpinBox()
        self._steps.setRange(1, LARGEST_STEPS)
        self._steps.lineEdit().setTextMargins(5, 0, 0, 0)
        self._steps.setSuffix(" steps")
        self._steps.setAccessibleName("Steps")
        self._steps.setToolTip("Gradient steps; usually 10 to 100")
        self._steps.setValue(min(LARGEST_STEPS, max(1, remembered.get("lab/steps", 20))))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumWidth(140)
        self.slider.setRange(0, LARGEST_EPSILON)
        self.slider.setAccessibleName("Epsilon, in 255ths")
        self.slider.setToolTip("How far the attack may go; drag, or use the arrow keys")
        self.slider.setValue(min(LARGEST_EPSILON, max(0, remembered.get("lab/epsilon", 26))))
        self._epsilon = QLabel()
        self._epsilon.setMinimumWidth(
            self._epsilon.fontMetrics().horizontalAdvance("ε = 0.000 = 000/255")
        )
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        choices, size = QHBoxLayout(), QHBoxLayout()
        for row in (choices, size):
            row.setSpacing(8)
            rows.addLayout(row)
        for widget in (self._attack, self._goal, self._norm, self._steps):
            choices.addWidget(widget)
        choices.addStretch(1)
        size.addWidget(transport)
        size.addWidget(self._epsilon)
        size.addWidget(self.slider, 1)
        for box in (self._attack, self._goal, self._norm):
            box.currentIndexChanged.connect(self._moved)
        self._steps.valueChanged.connect(self._moved)
        self.slider.valueChanged.connect(self._moved)
        self._dress()

    @property
    def attack(self) -> Attack:
        """The chosen attack."""
        return attacks()[self._attack.currentData()]

    def set_classes(self, names: Sequence[str]) -> None:
        """Offer each class of the network as a target."""
        for index, name in enumerate(names):
            self._goal.addItem(f"To {name}", index)

    def settings(self) -> AttackSettings:
        """What the controls say."""
        goal = self._goal.currentData()
        level = self.slider.value()
        return AttackSettings(
            attack=self._attack.currentData(),
            epsilon=level * L2_PER_LEVEL if self._measures_length() else level / LEVELS,
            steps=self._steps.value(),
            norm=self._norm.currentData(),
            # From the image itself, so that the curves begin at the original and the slider's
            # answers change smoothly.
            random_start=False,
            targeted=goal != UNTARGETED,
            target=None if goal in (UNTARGETED, LEAST_LIKELY) else goal,
        )

    def _measures_length(self) -> bool:
        return "norm" in self.attack.settings and self._norm.currentData() == "l2"

    def _moved(self) -> None:
        self._dress()
        self._remembered.set("lab/attack", self._attack.currentData())
        self._remembered.set("lab/epsilon", self.slider.value())
        self._remembered.set("lab/steps", self._steps.value())
        self.changed.emit()

    def _dress(self) -> None:
        """Name epsilon in both units, and disable what the attack does not use."""
        uses = self.attack.settings
        self._steps.setEnabled("steps" in uses)
        self._norm.setEnabled("norm" in uses)
        text = f"ε = {self.settings().epsilon:.3f}"
        self._epsilon.setText(
            text if self._measures_length() else f"{text} = {self.slider.value()}/{LEVELS}"
        )
