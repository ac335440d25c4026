"""The life of the app: start, paint, load, run."""

import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui import theme
from gui.settings import Settings, reset
from gui.window import Window

TAB_NAMES = ("cnn", "agents", "adversarial")


@dataclass(frozen=True)
class Options:
    """What the command line says about the window; ``settings`` is another settings file."""

    tab: str | None = None
    image: str | None = None
    camera: int | None = None
    device: str = "auto"
    theme: str | None = None
    reset: bool = False
    quit_after: float | None = None
    settings: Path | None = None


def run(options: Options, then: Callable[[Window], None] | None = None) -> int:
    """Open the window, live until it closes, and return the exit code.

    ``then`` is called once every tab is alive (the tour drives the window from there).
    """
    if options.reset:
        reset(options.settings)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Deepscope")
    app.setDesktopFileName("deepscope")
    settings = Settings(options.settings)
    theme.apply(app, options.theme or settings.choice("theme", "system", theme.CHOICES))
    app.styleHints().colorSchemeChanged.connect(
        lambda _scheme: follow_desktop(app, settings, options)
    )
    first = None if options.tab is None else TAB_NAMES.index(options.tab)
    window = Window(settings, options.device, first)
    sys.excepthook = lambda kind, error, trace: tell(window, kind, error, trace)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    window.show()
    # After the first paint: the import of PyTorch holds the interpreter for long stretches.
    QTimer.singleShot(0, window.begin)
    if options.image is not None:
        window.use_image(options.image)
    if options.camera is not None:
        window.use_camera(options.camera)
    if options.quit_after is not None:
        QTimer.singleShot(round(1000 * options.quit_after), window.close)
    if then is not None:
        window.when_loaded(lambda: then(window))
    return app.exec()


def follow_desktop(app: QApplication, settings: Settings, options: Options) -> None:
    """The desktop changed between light and dark: change along, unless a theme was chosen."""
    if (options.theme or settings.choice("theme", "system", theme.CHOICES)) == "system":
        theme.apply(app, "system")


def tell(
    window: Window, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error that nothing caught: say it, print it, and go on."""
    details = "".join(traceback.format_exception(kind, error, trace))
    print(details, file=sys.stderr)
    window.workspace.report(f"Something went wrong: {kind.__name__}: {error}", details)
