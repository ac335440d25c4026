"""Light and dark, following the desktop; one colour for one idea in every tab."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

CHOICES = ("system", "light", "dark")
ICONS = (Path(__file__).resolve().parent.parent / "resources" / "icons").as_posix()


@dataclass(frozen=True)
class Theme:
    """The colours of one look, as ``#rrggbb``; a field is named for the idea that it stands for."""

    name: str
    window: str
    panel: str
    raised: str
    field: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    prediction: str
    target: str
    returns: str
    loss: str
    exploration: str
    original: str
    adversarial: str
    negative: tuple[str, ...]  # from zero outwards
    positive: tuple[str, ...]
    magnitude: tuple[str, ...]


DARK = Theme(
    name="dark",
    window="#14161b",
    panel="#1b1e25",
    raised="#272b35",
    field="#272b35",
    border="#363c49",
    text="#e8eaef",
    muted="#9aa3b2",
    accent="#5aa9ff",
    on_accent="#08121f",
    prediction="#5aa9ff",
    target="#ffb454",
    returns="#6fd08c",
    loss="#ff7a90",
    exploration="#b99bff",
    original="#5aa9ff",
    adversarial="#ff9b5e",
    negative=("#14161b", "#1f5f9e", "#66b6ff", "#d6ecff"),
    positive=("#14161b", "#a8471f", "#ff9b5e", "#ffe6d3"),
    magnitude=("#0c0d12", "#3a1f6d", "#9c2f7f", "#ee6a5b", "#feb97c", "#fcfdd0"),
)

LIGHT = Theme(
    name="light",
    window="#f4f5f8",
    panel="#ffffff",
    raised="#e9ecf2",
    field="#ffffff",
    border="#cfd5df",
    text="#1c2230",
    muted="#5a6475",
    accent="#1c6fd1",
    on_accent="#ffffff",
    prediction="#1c6fd1",
    target="#c26a00",
    returns="#1f8a47",
    loss="#cc2f4b",
    exploration="#7448d6",
    original="#1c6fd1",
    adversarial="#cf5410",
    negative=("#ffffff", "#8fc0ee", "#2a78c2", "#08356b"),
    positive=("#ffffff", "#f9b98f", "#d9601f", "#6b2404"),
    magnitude=("#ffffff", "#fdc492", "#ee6a5b", "#9c2f7f", "#3a1f6d", "#0c0d12"),
)


def current() -> Theme:
    """The theme that the application wears now, read from its palette."""
    return DARK if QApplication.palette().window().color().lightness() < 128 else LIGHT


def apply(application: QApplication, choice: str) -> None:
    """Wear ``system``, ``light`` or ``dark``; every widget then gets a PaletteChange event."""
    scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
        choice, Qt.ColorScheme.Unknown
    )
    application.styleHints().setColorScheme(scheme)
    if scheme == Qt.ColorScheme.Unknown:
        scheme = application.styleHints().colorScheme()
    theme = LIGHT if scheme == Qt.ColorScheme.Light else DARK
    application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    application.setStyleSheet(_style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, colour in (
        (role.Window, theme.window),
        (role.Base, theme.panel),
        (role.AlternateBase, theme.raised),
        (role.Button, theme.raised),
        (role.ToolTipBase, theme.raised),
        (role.Text, theme.text),
        (role.WindowText, theme.text),
        (role.ButtonText, theme.text),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Mid, theme.border),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.muted).darker(120))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.border};
                padding: 4px; }}
    QFrame[role="panel"] {{ background: {theme.panel}; border: 1px solid {theme.border};
                            border-radius: 8px; }}
    QLabel[role="title"] {{ font-weight: 600; }}
    QLabel[role="muted"] {{ color: {theme.muted}; }}
    QLabel[role="problem"] {{ color: {theme.loss}; }}
    QPushButton, QToolButton {{ background: {theme.raised}; border: 1px solid {theme.border};
        border-radius: 6px; padding: 5px 10px; color: {theme.text}; }}
    QToolButton {{ padding: 5px 8px; }}
    QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {theme.accent}; }}
    QPushButton:checked, QToolButton:checked, QPushButton[role="primary"] {{
        background: {theme.accent}; color: {theme.on_accent}; border-color: {theme.accent}; }}
    QPushButton:disabled, QToolButton:disabled, QPushButton[role="primary"]:disabled {{
        background: {theme.panel}; color: {theme.muted}; border-color: {theme.border}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ padding: 9px 20px; color: {theme.muted}; border: none;
                    border-bottom: 3px solid transparent; font-weight: 600; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom: 3px solid {theme.accent}; }}
    QTabBar::tab:hover {{ color: {theme.text}; }}
    QStatusBar {{ background: {theme.panel}; border-top: 1px solid {theme.border}; }}
    QStatusBar::item {{ border: none; }}
    QProgressBar {{ background: {theme.raised}; border: none; border-radius: 4px; height: 8px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 4px; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ border: none; background: transparent; }}
    QAbstractSpinBox, QLineEdit, QComboBox {{ background: {theme.field}; color: {theme.text};
        border: 1px solid {theme.border}; border-radius: 5px; padding: 1px 6px; min-height: 20px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QAbstractSpinBox:focus, QLineEdit:focus, QComboBox:focus {{ border-color: {theme.accent}; }}
    QAbstractSpinBox:disabled, QLineEdit:disabled, QComboBox:disabled {{
        background: {theme.window}; color: {theme.muted}; }}
    QAbstractSpinBox QLineEdit {{ border: none; padding: 0 5px; background: transparent; }}
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
    QComboBox {{ padding-right: 20px; }}
    QComboBox::drop-down {{ border: none; width: 20px; }}
    QComboBox::down-arrow {{ image: url({ICONS}/chevron-{theme.name}.svg); width: 12px; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {theme.border}; }}
    QSlider::sub-page:horizontal {{ border-radius: 2px; background: {theme.accent}; }}
    QSlider::handle:horizontal {{ width: 12px; height: 12px; margin: -6px 0; border-radius: 8px;
        background: {theme.panel}; border: 2px solid {theme.accent}; }}
    QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {theme.border}; border-radius: 4px;
        min-height: 24px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QComboBox QAbstractItemView {{ background: {theme.raised}; color: {theme.text};
        border: 1px solid {theme.border}; outline: none; }}
    QMenuBar {{ background: {theme.window}; }}
    """


@lru_cache(maxsize=8)
def signed_table(theme: Theme) -> tuple[int, ...]:
    """256 ARGB colours for a signed mosaic: 0 is the gap, 1 = -limit, 128 = zero, 255 = +limit."""
    below = _blend(theme.negative, 128)[::-1][:127]
    above = _blend(theme.positive, 128)
    return (_argb(theme.raised), *below, *above)


@lru_cache(maxsize=8)
def magnitude_table(theme: Theme) -> tuple[int, ...]:
    """256 ARGB colours for magnitudes: 0 is the gap, 1 = zero, 255 = limit."""
    return (_argb(theme.raised), *_blend(theme.magnitude, 255))


def _blend(stops: tuple[str, ...], count: int) -> list[int]:
    """``count`` ARGB colours that run evenly through ``stops``."""
    places = np.linspace(0, len(stops) - 1, count)
    channels = [
        np.interp(places, np.arange(len(stops)), [shades[channel] for shades in map(_rgb, stops)])
        for channel in range(3)
    ]
    red, green, blue = (np.rint(channel).astype(int).tolist() for channel in channels)
    return [0xFF000000 | r << 16 | g << 8 | b for r, g, b in zip(red, green, blue, strict=True)]


def _rgb(colour: str) -> tuple[int, int, int]:
    shade = QColor(colour)
    return shade.red(), shade.green(), shade.blue()


def _argb(colour: str) -> int:
    return int(QColor(colour).rgba())
