"""Where a station takes its image from: a pad, samples, files, the clipboard, cameras, videos."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine import images, samples, video
from engine.job import Job
from engine.worker import Channel, Value
from gui.widgets.draw_pad import DrawPad, demo_digit
from gui.widgets.image_view import ImageView
from gui.widgets.picture import from_qimage
from gui.widgets.readout import Readout
from gui.workspace import Workspace

IMAGE_FILES = "Images (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff *.gif *.ppm);;All files (*)"
VIDEO_FILES = "Videos (*.mp4 *.avi *.mov *.mkv *.webm *.m4v);;All files (*)"
VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"}
CAMERA_RATE = 30.0  # pulls per second, until a file tells its own pace
MODES = (
    ("Draw", "Draw a digit with the mouse or a pen"),
    ("Sample", "Take an image from a data set"),
    ("File", "Open, drop or paste an image"),
    ("Camera", "Look through a camera"),
    ("Video", "Play a video file, or a stream by its address"),
)
SIDE = 258  # pixels of the pad and of the picture
DRAW, SAMPLE, FILE, CAMERA, VIDEO = range(len(MODES))

Picture = NDArray[np.uint8] | NDArray[np.float32]


class ImageSource(QFrame):
    """One panel with every way in; each station that needs an image has one.

    picture: (H, W, 3), uint8 or float32 in [0, 1]; ``engine.images.from_array`` checks it. None
        until there is one.
    revision: counts up whenever ``picture`` or ``inverted`` changes, so that a view asks anew.
    """

    def __init__(self, workspace: Workspace, owner: str, other: str) -> None:
        """``owner`` and ``other`` are the titles of the tab that it is in and of the one beside."""
        super().__init__()
        self.setProperty("role", "panel")
        self.picture: Picture | None = None
        self.revision = 0
        self._workspace = workspace
        self._opening: Channel[images.Image] = workspace.worker.channel(f"{owner} image file")
        self._sampling: Channel[samples.Sample] = workspace.worker.channel(f"{owner} sample")
        self._tickets = {self._opening.key: 0, self._sampling.key: 0}
        self._live: Job[Any] | None = None
        self._shown_count = 0
        self._pace: float | None = None
        self._sample_index = 0
        self.pad = DrawPad()
        self.pad.set_strokes(demo_digit())
        self.pad.changed.connect(self._drawn)
        self._view = ImageView()
        self._view.set_placeholder("Open an image, drop one here, or paste it")
        self._screen = QStackedWidget()
        self._screen.addWidget(self.pad)
        self._screen.addWidget(self._view)
        self._screen.setFixedSize(SIDE, SIDE)
        self._controls = QStackedWidget()
        self._controls.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for page in (
            self._draw_controls(),
            self._sample_controls(),
            self._file_controls(),
            self._camera_controls(),
            self._video_controls(),
        ):
            self._controls.addWidget(page)
        self._invert = QCheckBox("Dark ink on light paper")
        self._invert.setToolTip("Inverts the image: the digits network expects white on black")
        self._invert.toggled.connect(self._touch)
        self._message = Readout(lines=7)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addLayout(self._mode_row())
        layout.addWidget(self._screen)
        layout.addWidget(self._controls)
        layout.addWidget(self._invert)
        layout.addWidget(self._message)
        layout.addStretch()
        send = QPushButton(f"Send to {other}")
        send.setToolTip(f"Look at this image in the {other}")
        send.clicked.connect(lambda: self._send(owner, other))
        layout.addWidget(send)
        self.setFixedWidth(SIDE + 22)
        self.show_mode(DRAW)

    @property
    def inverted(self) -> bool:
        """Whether dark ink on light paper should become light on dark."""
        return self._invert.isChecked() and self.mode != DRAW

    @property
    def mode(self) -> int:
        """SIDE = 258  # pixels of the pad and of the picture
        DRAW, SAMPLE, FILE, CAMERA or VIDEO."""
        return self._controls.currentIndex()

    @property
    def is_live(self) -> bool:
        """Whether new pictures come by themselves: a camera or a video is on."""
        return self._live is not None

    @property
    def message(self) -> str:
        """What it says about the source: what it is, or what went wrong."""
        return self._message.text

    # Ways in.

    def show_mode(self, mode: int) -> None:
        """Turn to one way in; a camera or video that was on is closed."""
        self._stop_live()
        for late in (self._opening, self._sampling):
            late.forget()
        self._buttons.button(mode).setChecked(True)
        self._controls.setCurrentIndex(mode)
        self._screen.setCurrentIndex(0 if mode == DRAW else 1)
        self._invert.setVisible(mode != DRAW)
        self._say("")
        self._view.set_image(None)
        if mode == DRAW:
            self._say("Draw with the left button, erase with the right one.")
            self._drawn()
        elif mode == SAMPLE:
            self._take_sample(self._sample_index)

    def set_image(self, image: Picture, origin: str) -> None:
        """Take an image that came from elsewhere; ``origin`` says in words from where."""
        self.show_mode(FILE)
        self._show(image)
        height, width = image.shape[:2]
        self._say(f"{origin}, {width} × {height}")

    def choose_file(self) -> None:
        """Ask the person for an image file."""
        folder = self._workspace.settings.get("folders/image", "")
        path, _ = QFileDialog.getOpenFileName(self, "Open image", folder, IMAGE_FILES)
        if path:
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Open an image or video file; it is read on the worker."""
        if Path(path).suffix.lower() in VIDEO_SUFFIXES:
            self.open_video(path)
            return
        self.show_mode(FILE)
        self._say(f"Opening {Path(path).name} …")
        self._workspace.settings.set("folders/image", str(Path(path).parent))
        self._opening.ask(images.load_image, path)

    def take(self, mime: QMimeData) -> None:
        """Take what was dropped or pasted: a file, or a picture."""
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if files:
            self.open_file(files[0])
        elif mime.hasImage() and isinstance(picture := mime.imageData(), QImage):
            self.set_image(from_qimage(picture), "Pasted")
        else:
            self.show_mode(FILE)
            self._fail("There is no image in that. Copy a picture or an image file, then paste.")

    def open_camera(self, index: int) -> None:
        """Look through the camera with this index."""
        self.show_mode(CAMERA)
        self._camera_index.setValue(index)
        self._say(f"Opening camera {index} …")
        self._camera_button.setText("Stop")
        self._go_live(video.watch_camera(index), f"Camera {index}")

    def open_video(self, source: str) -> None:
        """Play a video file in a loop, or a stream by its address."""
        self.show_mode(VIDEO)
        self._address.setText(source)
        name = Path(source).name or source
        self._say(f"Opening {name} …")
        self._video_button.setText("Stop")
        if "://" in source:
            self._go_live(video.watch_camera(source), name)
        else:
            self._workspace.settings.set("folders/video", str(Path(source).parent))
            self._go_live(video.read_video(source, loop=True), name)

    # The life of the panel.

    def tick(self) -> None:
        """Take what the worker has; called once a frame."""
        opened = self._new_answer(self._opening)
        if opened is not None:
            self._show(opened)
            height, width = opened.shape[:2]
            self._say(f"{width} × {height} × 3 numbers in [0, 1]")
        chosen = self._new_answer(self._sampling)
        if chosen is not None:
            self._show(chosen.picture)
            self._say(chosen.caption)
        self._take_frame()

    def _new_answer(self, channel: Channel[Value]) -> Value | None:
        """What came since the last look; a problem is said at once."""
        answer = channel.latest
        if answer is None or answer.ticket <= self._tickets[channel.key]:
            return None
        self._tickets[channel.key] = answer.ticket
        if answer.problem is not None:
            self._fail(answer.problem)
        return answer.value

    def enter(self) -> None:
        """Its station came in sight."""
        if self._live is not None:
            self._live.resume()

    def leave(self) -> None:
        """Its station went out of sight: stop asking for frames."""
        if self._live is not None:
            self._live.pause()

    def set_pace(self, rate: float | None) -> None:
        """Play at this many frames a second whatever the file says; None for the file's pace."""
        self._pace = rate
        if self._live is not None and rate is not None:
            self._live.rate = rate

    def _take_frame(self) -> None:
        live = self._live
        if live is None:
            return
        if live.count != self._shown_count:
            self._shown_count = live.count
            self._show_frame(live, live.latest)
        if live.ended:
            problem = live.problem
            self._stop_live()
            if problem is not None:
                self._fail(problem)

    def _show_frame(self, live: Job[Any], frame: video.Frame | video.Opening | None) -> None:
        if isinstance(frame, video.Opening):
            self._say(f"Opening {live.name} … {frame.seconds:.0f} s")
        elif frame is not None and frame.image is not self.picture:
            if self._pace is None and frame.rate is not None and frame.rate != live.rate:
                live.rate = frame.rate
            self._show(frame.image)
            height, width = frame.image.shape[:2]
            self._say(f"{width} × {height}, frame {frame.index:,}, {frame.seconds:.1f} s")

    def _go_live(
        self, frames: Iterator[video.Frame] | Iterator[video.Frame | video.Opening], name: str
    ) -> None:
        self._shown_count = 0
        self._live = self._workspace.worker.start(frames, name=name, rate=self._pace or CAMERA_RATE)

    def _send(self, owner: str, other: str) -> None:
        if self.picture is not None:
            self._workspace.send_image(other, self.picture, f"From the {owner}")

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.cancel()
            self._live = None
        self._camera_button.setText("Start")
        self._video_button.setText("Play")

    def _drawn(self) -> None:
        if self.mode == DRAW:
            self.picture = self.pad.image()
            self._touch()

    def _show(self, picture: Picture) -> None:
        self.picture = picture
        self._view.set_image(picture)
        self._touch()

    def _touch(self) -> None:
        self.revision += 1

    def _say(self, text: str) -> None:
        self._message.say(text)

    def _fail(self, problem: str) -> None:
        self._message.say(problem, problem=True)

    # Controls.

    def _mode_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(3)
        self._buttons = QButtonGroup(self)
        for mode, (text, hint) in enumerate(MODES):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(hint)
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setStyleSheet("padding: 5px 1px;")
            button.clicked.connect(lambda _checked, mode=mode: self.show_mode(mode))
            self._buttons.addButton(button, mode)
            row.addWidget(button, stretch=button.fontMetrics().horizontalAdvance(text))
        return row

    def _draw_controls(self) -> QWidget:
        clear, undo = QPushButton("Clear"), QPushButton("Undo")
        clear.clicked.connect(self.pad.clear)
        undo.clicked.connect(self.pad.undo)
        return in_a_row(clear, undo)

    def _sample_controls(self) -> QWidget:
        self._set = QComboBox()
        self._set.setAccessibleName("Data set")
        for name in samples.available():
            self._set.addItem(samples.TITLES[name], name)
        self._set.currentIndexChanged.connect(lambda: self._take_sample(0))
        back, on = QPushButton("◀"), QPushButton("Next ▶")
        back.setAccessibleName("Previous sample")
        back.setMaximumWidth(44)
        back.clicked.connect(lambda: self._take_sample(self._sample_index - 1))
        on.clicked.connect(lambda: self._take_sample(self._sample_index + 1))
        return in_a_row(self._set, back, on)

    def _take_sample(self, index: int) -> None:
        self._sample_index = index  # counted round and round
        if self.mode == SAMPLE:
            self._sampling.ask(samples.sample, self._set.currentData(), self._sample_index)

    def _file_controls(self) -> QWidget:
        choose, paste = QPushButton("Open…"), QPushButton("Paste")
        choose.clicked.connect(self.choose_file)
        paste.clicked.connect(self._paste)
        return in_a_row(choose, paste)

    def _paste(self) -> None:
        from PySide6.QtGui import QGuiApplication

        self.take(QGuiApplication.clipboard().mimeData())

    def _camera_controls(self) -> QWidget:
        self._camera_index = QSpinBox()
        self._camera_index.setRange(0, 63)
        self._camera_index.lineEdit().setTextMargins(5, 0, 0, 0)
        self._camera_index.setPrefix("Camera ")
        self._camera_index.setAccessibleName("Camera index")
        self._camera_button = QPushButton("Start")
        self._camera_button.clicked.connect(self._camera_pressed)
        return in_a_row(self._camera_index, self._camera_button)

    def _camera_pressed(self) -> None:
        if self._live is not None:
            self._stop_live()
            self._say("")
        else:
            self.open_camera(self._camera_index.value())

    def _video_controls(self) -> QWidget:
        self._address = QLineEdit()
        self._address.setPlaceholderText("file or rtsp://, http://")
        self._address.setAccessibleName("Video file or address")
        self._address.returnPressed.connect(self._video_pressed)
        choose, self._video_button = QPushButton("Open…"), QPushButton("Play")
        choose.clicked.connect(self._choose_video)
        self._video_button.clicked.connect(self._video_pressed)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._address, 0, 0, 1, 2)
        grid.addWidget(choose, 1, 0)
        grid.addWidget(self._video_button, 1, 1)
        return page

    def _choose_video(self) -> None:
        folder = self._workspace.settings.get("folders/video", "")
        path, _ = QFileDialog.getOpenFileName(self, "Open video", folder, VIDEO_FILES)
        if path:
            self.open_video(path)

    def _video_pressed(self) -> None:
        if self._live is not None:
            self._stop_live()
            self._say("")
        elif self._address.text().strip():
            self.open_video(self._address.text().strip())
        else:
            self._choose_video()


def in_a_row(*widgets: QWidget) -> QWidget:
    """The widgets side by side, with no margin around them."""
    page = QWidget()
    layout = QHBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget)
    return page
