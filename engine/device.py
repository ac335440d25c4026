"""Which device computes, and with how many threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

CHOICES = ("auto", "cpu", "cuda", "mps")


class DeviceError(Exception):
    """A device that was asked for by name is not there; the message says what to do."""


def choose_device(choice: str = "auto") -> torch.device:
    """The device for ``auto``, ``cpu``, ``cuda`` or ``mps``; ``auto`` takes the best there is.

    Raises:
        DeviceError: the device is unknown or not available on this machine.
    """
    if choice not in CHOICES:
        raise DeviceError(f"There is no device '{choice}'; choose one of {', '.join(CHOICES)}.")
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if choice == "auto":
        return torch.device(next(name for name, here in available.items() if here))
    if not available[choice]:
        raise DeviceError(
            f"This machine offers PyTorch no '{choice}' device. Use --device auto, or install a "
            f"build of PyTorch with {choice} support."
        )
    return torch.device(choice)


def prepare(choice: str) -> torch.device:
    """Choose the device and make PyTorch ready for the thread that calls: the worker.

    One thread for one operation, by default: the networks that run live are so small that two
    threads cost more in waiting for each other than they save, most of all beside a window that
    paints (FACTS: 20 steps/s with two threads against 614 with one). Work that is large enough
    asks for more with ``threads``.

    Raises:
        DeviceError: as ``choose_device``.
    """
    torch.set_num_threads(1)
    return choose_device(choice)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let PyTorch's operations on this thread use ``count`` threads, then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe(device: torch.device) -> str:
    """The device in words for the status bar, for example ``CPU, 2 cores``."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU, {cores()} cores" if cores() > 1 else "CPU, 1 core"


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
