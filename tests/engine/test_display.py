"""Whether a window can be opened, asked of displays that answer, refuse, keep silent or are not."""

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from engine import display
from engine.display import display_problem, qt_problem

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can lack a display")

ACCEPTED = struct.pack("<BBHHH", 1, 0, 11, 0, 8) + bytes(32)  # no screens, no pixmap formats
REFUSED = struct.pack("<BBHHH", 0, 8, 11, 0, 2) + b"Go away."


@pytest.fixture(autouse=True)
def only_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the other libraries of Qt be missing, which is another test's subject."""
    monkeypatch.setattr(display, "QT_LIBRARIES", {})
    monkeypatch.setattr(display, "X11_LIBRARIES", {"libxcb.so.1": "libxcb1"})
    monkeypatch.setattr(display, "WAYLAND_LIBRARIES", {"libwayland-client.so.0": "libwayland-c"})


@contextmanager
def x_server(greeting: bytes | None) -> Iterator[str]:
    """An X server on TCP that answers every client with ``greeting``; yields its DISPLAY."""
    listener, number = socket.socket(), 600
    while True:
        try:
            listener.bind(("127.0.0.1", 6000 + number))
            break
        except OSError:
            number += 1
    listener.listen()
    clients: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            clients.append(client)
            client.recv(4096)
            if greeting is not None:
                client.sendall(greeting)

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{number}.0"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for client in clients:
            client.close()


def test_no_display_is_one_sentence() -> None:
    problem = display_problem({})
    assert problem is not None
    assert "DISPLAY" in problem
    assert "WAYLAND_DISPLAY" in problem


def test_a_platform_without_a_display_needs_none() -> None:
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}) is None


def test_an_x_server_that_answers_is_a_display() -> None:
    with x_server(ACCEPTED) as name:
        assert display_problem({"DISPLAY": name}) is None
        assert display_problem({"DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}) is None


def test_an_x_server_that_refuses_is_named() -> None:
    with x_server(REFUSED) as name:
        assert name in (display_problem({"DISPLAY": name}) or "")


def test_an_x_server_that_keeps_silent_is_not_waited_for() -> None:
    with x_server(None) as name:
        assert name in (display_problem({"DISPLAY": name}, patience=0.1) or "")


def test_an_x_server_that_is_not_there_is_named() -> None:
    assert "127.0.0.1:9999" in (display_problem({"DISPLAY": "127.0.0.1:9999"}) or "")
    assert "nonsense" in (display_problem({"DISPLAY": "nonsense"}) or "")


def test_a_wayland_display_is_asked_first_and_x_stands_in(tmp_path: Path) -> None:
    address = str(tmp_path / "wayland")
    absent = {"WAYLAND_DISPLAY": address}
    assert address in (display_problem(absent) or "")
    with x_server(ACCEPTED) as name:
        assert display_problem({**absent, "DISPLAY": name}) is None
        assert display_problem({**absent, "DISPLAY": name, "QT_QPA_PLATFORM": "wayland"})
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        assert display_problem({"WAYLAND_DISPLAY": address}) is None
        assert display_problem({"WAYLAND_DISPLAY": address, "QT_QPA_PLATFORM": "xcb"})


def test_missing_libraries_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "X11_LIBRARIES", {"libxcb-nothing.so.7": "libxcb-nothing7"})
    problem = display_problem({"DISPLAY": ":0"}) or ""
    assert "libxcb-nothing.so.7" in problem
    assert "apt-get install libxcb-nothing7" in problem
    assert qt_problem() is None
    monkeypatch.setattr(display, "QT_LIBRARIES", {"libnothing.so.7": "libnothing7"})
    assert "libnothing7" in (qt_problem() or "")
    assert "libnothing7" in (display_problem({"QT_QPA_PLATFORM": "offscreen"}) or "")
