"""Arrays become pictures and back; every widget's picture can be copied and saved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSaveFile, QStandardPaths, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage, QKeySequence, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from gui import theme

_FOLDER = "pictureFolder"  # a property of the application: remembered while it lives


def to_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixel values 0 to 255, same shape; floats in [0, 1] are scaled and rounded.

    Floats outside [0, 1] are clipped, and not-a-number becomes 0.

    Raises:
        ValueError: the array is neither uint8 nor float, or not (H, W) or (H, W, 3).
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3) or 0 in array.shape:
        raise ValueError(
            f"A picture has shape (height, width) or (height, width, 3), not {array.shape}."
        )
    if array.dtype == np.uint8:
        levels: NDArray[np.uint8] = array
    elif np.issubdtype(array.dtype, np.floating):
        scaled = np.clip(np.nan_to_num(array, nan=0.0), 0.0, 1.0) * 255.0
        levels = np.rint(scaled).astype(np.uint8)
    else:
        raise ValueError(f"A picture holds uint8 or floats in [0, 1], not {array.dtype}.")
    return levels


def to_qimage(array: NDArray[Any]) -> QImage:
    """A picture that owns its pixels, from gray (H, W) or RGB (H, W, 3) values.

    uint8 values are taken as they are; floats in [0, 1] are rounded to 8 bits.

    Raises:
        ValueError: see ``to_bytes``.
    """
    pixels = np.ascontiguousarray(to_bytes(array))
    height, width = pixels.shape[:2]
    if pixels.ndim == 2:
        return QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    wrapped = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)


def from_qimage(image: QImage) -> NDArray[np.uint8]:
    """RGB values, shape (H, W, 3); what is transparent is laid over white.

    Raises:
        ValueError: the picture is empty.
    """
    if image.isNull():
        raise ValueError("The picture is empty: nothing could be read from it.")
    width, height = image.width(), image.height()
    if image.hasAlphaChannel():
        flat = QImage(image.size(), QImage.Format.Format_RGB32)
        flat.fill(Qt.GlobalColor.white)
        painter = QPainter(flat)
        painter.drawImage(QRect(0, 0, width, height), image)
        painter.end()
        image = flat
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), dtype=np.uint8).reshape(height, rgb.bytesPerLine())
    return rows[:, : 3 * width].reshape(height, width, 3).copy()


def from_tensor(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network's image (C, H, W), of 1 or 3 channels, as a picture (H, W) or (H, W, 3)."""
    return values[0] if len(values) == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))


def add_picture_actions(
    widget: QWidget,
    name: Callable[[], str],
    pixels: Callable[[], QImage | None] | None = None,
) -> None:
    """Give ``widget`` a context menu with 'Copy picture' (Ctrl+C) and 'Save picture as...'.

    name: what a saved file is called at first, without a suffix.
    pixels: the picture at its own resolution, or None while there is none; without it, the widget
        is painted as it is seen. An SVG is always the widget as it is seen.
    """

    def render() -> QImage | None:
        return pixels() if pixels is not None else as_seen(widget)

    def copy() -> None:
        image = render()
        if image is not None:
            QGuiApplication.clipboard().setImage(image)

    def save() -> None:
        image = render()
        path = ask_path(widget, name(), "Picture (*.png);;Drawing (*.svg)")
        if path is not None and image is not None:
            is_svg = path.suffix.lower() == ".svg"
            write_or_tell(widget, path, svg_bytes(widget) if is_svg else png_bytes(image))

    copying = QAction("Copy picture", widget)
    copying.setShortcut(QKeySequence.StandardKey.Copy)
    copying.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    copying.triggered.connect(copy)
    saving = QAction("Save picture as…", widget)
    saving.triggered.connect(save)
    widget.addActions([copying, saving])
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)


def as_seen(widget: QWidget) -> QImage:
    """The widget as it looks now, on the panel's colour, at the screen's resolution."""
    ratio = widget.devicePixelRatioF()
    image = QImage(widget.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(theme.current().panel))
    widget.render(image, QPoint(0, 0), renderFlags=QWidget.RenderFlag.DrawChildren)
    return image


def png_bytes(image: QImage) -> bytes:
    """``image`` as the content of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want the format as bytes
    return bytes(buffer.data().data())


def svg_bytes(widget: QWidget) -> bytes:
    """``widget`` as it looks now, as the content of an SVG file: lines and text stay sharp."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    generator.setTitle(widget.accessibleName())
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), QColor(theme.current().panel))
    widget.render(painter, QPoint(0, 0), renderFlags=QWidget.RenderFlag.DrawChildren)
    painter.end()
    return bytes(buffer.data().data())


def ask_path(widget: QWidget, name: str, kinds: str) -> Path | None:
    """Ask where to save; None when the person thinks better of it.

    kinds: Qt's filter text, such as ``Picture (*.png);;Drawing (*.svg)``; the suffix of the chosen
        kind is added where none was typed.
    """
    application = QApplication.instance()
    assert application is not None
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    folder = Path(application.property(_FOLDER) or pictures)
    suffix = kinds.partition("(*")[2].partition(")")[0]
    chosen, kind = QFileDialog.getSaveFileName(
        widget, "Save as", str(folder / f"{name}{suffix}"), kinds
    )
    if not chosen:
        return None
    path = Path(chosen)
    application.setProperty(_FOLDER, str(path.parent))
    return path if path.suffix else path.with_suffix(kind.partition("(*")[2].partition(")")[0])


def write_or_tell(widget: QWidget, path: Path, content: bytes) -> None:
    """Write a file whole or not at all; where that fails, tell the person why."""
    file = QSaveFile(str(path))
    opened = file.open(QIODevice.OpenModeFlag.WriteOnly)
    if opened:
        file.write(content)
    if not opened or not file.commit():
        QMessageBox.warning(
            widget,
            "Not saved",
            f"“{path}” could not be written ({file.errorString()}). Choose another folder.",
        )
