"""What the stations share: the worker, the settings, and what one tab hands to another."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.worker import Worker
from gui.settings import Settings

if TYPE_CHECKING:
    import torch

    from gui.widgets.image_source import Picture


class Workspace(QObject):
    """One a window; handed to every station when it is built.

    device: where models live; known once PyTorch is there, before any station is built.
    device_name: the same in words.
    """

    problem = Signal(str, str)  # a sentence for the person, and the details that it unfolds
    image_sent = Signal(str, object, str)  # the receiving tab, the image, its origin in words

    def __init__(self, worker: Worker, settings: Settings) -> None:
        super().__init__()
        self.worker = worker
        self.settings = settings
        self.device: torch.device | None = None
        self.device_name = ""

    def report(self, sentence: str, details: str = "") -> None:
        """Tell the person that something went wrong; everything else goes on."""
        self.problem.emit(sentence, details)

    def send_image(self, tab: str, image: "Picture", origin: str) -> None:
        """Hand an image (H, W, 3) to the tab with this title, and show that tab."""
        self.image_sent.emit(tab, image, origin)
