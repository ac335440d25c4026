"""How far a run is, for a terminal or for a file."""

import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 24
INTERVAL = 0.1  # seconds between two drawings in a terminal
LINES = 10  # over the whole run, where there is no terminal


class ProgressBar:
    """A bar that redraws itself in a terminal; elsewhere a line after every tenth of the run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._started = time.monotonic()
        self._shown_at = -1.0
        self._shown_fraction = -1.0
        self._fraction = 0.0

    def show(self, fraction: float, describe: Callable[[], str]) -> None:
        """Take note of the ``fraction`` that is done, and show it with a description when due."""
        self._fraction = fraction
        now = time.monotonic()
        if self._terminal:
            due = now - self._shown_at >= INTERVAL
        else:
            # The last line is left to ``end``: a last evaluation may follow the last step.
            due = fraction < 1 and int(fraction * LINES) > int(self._shown_fraction * LINES)
        if due:
            self._shown_at, self._shown_fraction = now, fraction
            self._draw(describe())

    def end(self, description: str) -> None:
        """Show where the run stopped, and leave the line; nothing if it never began."""
        if self._shown_fraction < 0:
            return
        if self._terminal or self._fraction > self._shown_fraction:
            self._draw(description)
        if self._terminal:
            self._stream.write("\n")

    def _draw(self, description: str) -> None:
        elapsed = time.monotonic() - self._started
        left = elapsed * (1 - self._fraction) / self._fraction if self._fraction else None
        remaining = "" if left is None else f", {_clock(left)} left"
        line = f"{self._fraction:4.0%}  {description}  {_clock(elapsed)} elapsed{remaining}"
        if self._terminal:
            filled = round(WIDTH * self._fraction)
            bar = "█" * filled + "░" * (WIDTH - filled)
            self._stream.write(f"\r{bar} {line}\x1b[K")
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
