"""A station: one page of a tab, one step of the lecture."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget

from gui.workspace import Workspace

if TYPE_CHECKING:
    from gui.widgets.image_source import ImageSource

LESSONS = Path(__file__).resolve().parent.parent / "resources" / "lessons"

Figures = dict[str, float | int | str]


class Station(QWidget):
    """What every station answers to. A new station is one file in ``gui/<tab>/`` with a subclass.

    title: its name in the list of stations.
    order: its place in the lecture.
    lesson: the file of its text in ``resources/lessons``, without ``.md``.
    show_time: seconds that the tour lets it run before its picture, for curves to take shape.
    image_source: where it takes its image from; None if it has no use for one.
    """

    title: ClassVar[str]
    order: ClassVar[int]
    lesson: ClassVar[str]
    show_time: ClassVar[float] = 3.0

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.image_source: ImageSource | None = None

    def tick(self) -> None:
        """Take the newest answers and snapshots; called 60 times a second while in sight."""

    def enter(self) -> None:
        """It came in sight: its camera or video goes on."""
        if self.image_source is not None:
            self.image_source.enter()

    def leave(self) -> None:
        """It went out of sight: what only feeds the eye stops."""
        if self.image_source is not None:
            self.image_source.leave()

    def toggle(self) -> None:
        """Run or pause (space)."""

    def step(self) -> None:
        """One step (full stop)."""

    def cancel(self) -> None:
        """End what runs (Esc)."""

    def demonstrate(self) -> None:
        """Set real content to work, for the tour."""

    def figures(self) -> Figures:
        """Its live figures; empty until it has something to show."""
        return {}

    def lesson_text(self) -> str:
        """Its lesson, in Markdown."""
        return (LESSONS / f"{self.lesson}.md").read_text(encoding="utf-8")
