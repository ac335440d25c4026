"""Every action of the window, its words and its keys, as one table."""

from dataclasses import dataclass

SEPARATOR = "-"


@dataclass(frozen=True)
class Command:
    """One entry of a menu.

    method: the name of the window's method that it calls.
    keys: shortcuts in Qt's notation; the first is shown.
    """

    menu: str
    text: str
    method: str
    keys: tuple[str, ...] = ()
    hint: str = ""


COMMANDS = (
    Command("&File", "&Open image…", "open_image", ("Ctrl+O",), "An image file as the input"),
    Command("&File", "&Paste image", "paste_image", ("Ctrl+V",), "The clipboard as the input"),
    Command("&File", "&Quit", "close", ("Ctrl+Q",), "Leave; what runs is ended cleanly"),
    Command("&Run", "&Run or pause", "toggle", ("Space",), "Start, pause or go on"),
    Command("&Run", "&Step", "step", (".",), "One step, then wait"),
    Command("&Run", "&Cancel", "cancel", ("Esc",), "End what runs in this station"),
    Command("&View", "CNN Viewer", "show_first_tab", ("Ctrl+1",)),
    Command("&View", "Agents", "show_second_tab", ("Ctrl+2",)),
    Command("&View", "Adversarial Lab", "show_third_tab", ("Ctrl+3",)),
    Command("&View", "Follow the &desktop's theme", "wear_system"),
    Command("&View", "&Light theme", "wear_light"),
    Command("&View", "D&ark theme", "wear_dark"),
    Command("&View", "&Full screen", "toggle_full_screen", ("F11",)),
    Command("&Help", "&Lesson of this station", "show_lesson", ("F1",), "What you see here"),
)
