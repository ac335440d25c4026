"""Handwritten digits without a file: Deepscope draws them itself, stroke by stroke.

A digit is written in one of several ways (``HANDS``), each a few pen strokes through control
points. Every image gets a hand of its own: control points wobble, the plane bends, slants, turns
and stretches, the pen is broad or fine and presses unevenly. What comes out follows MNIST's
convention: white on black, the larger side about 20 pixels, centred by mass in 28 x 28 (LeCun et
al. 1998).
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 28  # pixels
BOX = 20.0  # pixels, the larger side of the line of the pen
DOTS = 96  # places along the pen's way, about half a pixel apart
CHUNK = 200  # images at a time, which bounds the memory

# One string a stroke: the points "x,y" that the pen passes, in hundredths of the digit's box, y
# downwards. "!" marks a point where it turns sharply; through all others it runs smoothly.
HANDS: dict[int, tuple[tuple[str, ...], ...]] = {
    0: (
        ("50,0 20,12 5,50 20,88 50,100 80,88 95,50 80,12 50,0",),
        ("62,4 28,8 5,45 15,86 45,100 80,80 92,40 75,8 48,2 36,14",),
        ("35,10 8,45 20,90 55,98 90,65 88,25 65,2 42,6",),
        ("48,22 66,2 35,4 6,45 18,90 52,100 85,70 92,30 72,4 55,2",),
        ("75,5 35,25 8,70 22,98 60,85 92,35 85,6 62,8",),
    ),
    1: (
        ("50,0 50,100",),
        ("56,0 50,50 46,100",),
        ("46,0 50,40 50,100",),
        ("52,0 50,100",),
        ("75,0 25,100",),
        ("28,24 54,0! 52,100",),
        ("25,22 50,0! 50,100", "20,100 80,100"),
    ),
    2: (
        ("10,25 25,5 55,0 80,15 78,38 50,68 10,98! 90,96",),
        ("12,22 35,2 70,5 82,28 62,62 30,90 8,95 8,82 25,76 55,92 92,95",),
        ("8,30 30,3 68,3 80,30 55,70 8,100! 45,90 95,98",),
        ("20,20 45,0 75,8 78,35 50,75 15,98 5,82 25,70 55,85 95,85",),
        ("5,12 45,2 72,18 60,55 15,97! 60,94 92,100",),
        ("15,20 40,0 75,12 78,35 55,68 20,98 2,85 10,64 40,65 62,85 95,95",),
        ("20,12 60,2 80,25 62,65 30,98 5,92 8,62 38,58 65,82 98,88",),
    ),
    3: (
        ("12,12 45,0 78,12 74,38 38,48! 80,58 88,80 55,100 10,88",),
        ("12,3 80,3! 40,42! 78,55 85,80 55,100 10,90",),
        ("10,15 45,0 80,20 60,45 34,51 36,43 65,50 85,75 55,100 8,88",),
        ("15,8 55,0 78,20 55,45 42,48 70,55 80,78 50,98 15,96",),
        ("8,8 50,0 75,15 40,42! 70,48 82,70 60,92 20,100 5,92",),
    ),
    4: (
        ("20,0 10,55! 88,50", "75,10 66,100"),
        ("62,0 5,65! 95,62", "62,0 60,100"),
        ("15,5 10,40 25,55 55,50 82,35", "85,0 75,50 68,100"),
        ("20,0 12,48! 72,46 84,5! 70,100",),
        ("25,10 12,45 30,58 80,48", "80,5 72,50 70,100"),
    ),
    5: (
        ("85,2 30,2! 22,42! 55,38 85,62 75,90 40,100 8,88",),
        ("30,5 22,44! 60,38 85,65 65,95 10,92", "30,5 92,0"),
        ("82,5 45,5 24,24 36,45 68,56 76,80 48,100 10,90",),
        ("92,0 38,8! 25,45 52,46 72,65 60,92 30,100 5,90",),
        ("35,12 28,45 60,50 72,72 50,98 8,95", "35,12 65,8 98,2"),
        ("28,8 22,44! 65,36 92,62 68,97 22,98 5,84", "28,8 88,4"),
    ),
    6: (
        ("65,0 30,25 8,65 25,97 65,97 85,72 60,52 25,62 12,78",),
        ("50,0 20,45 8,75 30,100 70,92 75,65 45,55 15,75",),
        ("80,8 50,2 20,35 8,70 28,98 65,95 78,72 55,55 22,68",),
        ("45,0 15,50 15,90 45,100 65,82 48,66 18,82",),
        ("85,0 45,25 12,65 18,95 50,98 72,75 55,62 20,78",),
    ),
    7: (
        ("8,8 88,5! 35,100",),
        ("8,10 85,5! 55,45 40,100",),
        ("10,25 12,5! 88,5! 40,100",),
        ("8,8 88,5! 40,100", "25,52 78,48"),
        ("5,20 12,6! 60,10 86,5! 55,50 45,100", "20,56 90,48"),
        ("5,15 40,5 80,8 75,35 52,65 40,100",),
        ("5,22 12,5! 50,12 88,2! 60,45 48,100",),
    ),
    8: (
        ("80,12 45,0 15,20 45,48 85,75 50,100 12,78 45,50 82,20 72,5",),
        (
            "50,0 20,12 22,38 50,48 78,36 78,12 50,0",
            "50,48 15,62 12,88 50,100 88,88 85,62 50,48",
        ),
        ("85,5 50,2 20,18 40,42 75,70 60,98 25,95 15,75 50,48 80,25 90,8",),
        ("50,46 22,25 45,0 78,15 60,42 20,68 30,98 68,98 78,72 50,46",),
        ("78,15 50,2 28,18 45,45 68,75 48,100 25,82 48,48 85,12",),
    ),
    9: (
        ("80,15 50,0 15,20 20,45 55,48 82,18! 75,100",),
        ("82,18 45,0 12,25 30,48 70,40 82,18 80,60 60,95 20,95",),
        ("75,25 45,2 12,22 25,48 60,42 80,12! 70,55 55,100",),
        ("75,5 35,5 10,30 35,50 72,25 78,2! 72,100",),
        ("85,10 45,5 10,35 35,52 75,22 85,8 65,60 45,100",),
        ("70,12 40,0 22,20 40,40 68,25 72,8! 62,55 60,100",),
        ("80,20 45,2 15,22 40,42 78,25! 82,60 60,98 20,92",),
        ("84,4 50,4 14,26 40,50 80,26! 72,100",),
    ),
}


@dataclass(frozen=True)
class Hand:
    """One way to write a digit.

    points: float32 (P, 2), the control points x, y of all strokes.
    way: float32 (DOTS, P); ``way @ points`` are the dots along the pen's way.
    drawn: float32 (DOTS - 1,); 1 between two dots of a stroke, 0 where the pen is lifted.
    """

    points: NDArray[np.float32]
    way: NDArray[np.float32]
    drawn: NDArray[np.float32]


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """``count`` digits: images (N, 1, 28, 28), 0 to 255, and labels (N,). The same for one seed.

    Raises:
        ValueError: ``count`` is negative.
    """
    if count < 0:
        raise ValueError(f"The number of digits to draw cannot be negative ({count}).")
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    images = np.empty((count, 1, SIDE, SIDE), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        dots, drawn = _write(labels[part], rng)
        images[part, 0] = _ink(_place(_bend(dots, rng), drawn, rng), drawn, rng)
    return images, labels


@functools.cache
def _hands(digit: int) -> tuple[Hand, ...]:
    return tuple(_hand(strokes) for strokes in HANDS[digit])


def _hand(strokes: tuple[str, ...]) -> Hand:
    """Lay ``DOTS`` dots along the strokes, in proportion to the length of each piece.

    The pieces between neighbouring points are Catmull-Rom splines (Catmull & Rom 1974): cubics
    whose ends and end slopes are linear in the points, and so are the dots.
    """
    points: list[tuple[float, float]] = []
    pieces: list[tuple[int, int, int, int]] = []  # indices: before, from, to, after
    first_of_stroke: list[int] = []  # indices of pieces
    for stroke in strokes:
        first_of_stroke.append(len(pieces))
        smooth_run = [len(points)]
        words = stroke.split()
        for position, word in enumerate(words):
            x, y = word.rstrip("!").split(",")
            points.append((int(x) / 100, int(y) / 100))
            if position == 0:
                continue
            smooth_run.append(len(points) - 1)
            if word.endswith("!") or position == len(words) - 1:
                padded = [smooth_run[0], *smooth_run, smooth_run[-1]]
                pieces += zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
                smooth_run = [len(points) - 1]
    place = np.array(points, np.float32)
    lengths = np.array([np.hypot(*(place[end] - place[start])) for _, start, end, _ in pieces])
    ends = np.rint(np.cumsum(lengths) / lengths.sum() * DOTS).astype(int)
    way = np.zeros((DOTS, len(points)), np.float32)
    drawn = np.ones(DOTS - 1, np.float32)
    start = 0
    for index, (piece, end) in enumerate(zip(pieces, ends, strict=True)):
        # The last piece of a stroke reaches its end point, which otherwise the next one draws.
        closes = index + 1 in (*first_of_stroke, len(pieces))
        t = np.linspace(0, 1, end - start, endpoint=closes)
        weights = (
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        )
        for point, weight in zip(piece, weights, strict=True):
            way[start:end, point] += weight
        if closes and end < DOTS:
            drawn[end - 1] = 0
        start = end
    return Hand(place, way, drawn)


def _write(
    labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Dots (N, DOTS, 2) about the origin and where the pen draws (N, DOTS - 1), for each label."""
    dots = np.empty((len(labels), DOTS, 2), np.float32)
    drawn = np.empty((len(labels), DOTS - 1), np.float32)
    choice = rng.random(len(labels))
    for digit in range(10):
        hands = _hands(digit)
        for index, hand in enumerate(hands):
            chosen = np.flatnonzero(
                (labels == digit) & ((choice * len(hands)).astype(int) == index)
            )
            wobble = rng.normal(0, 0.035, (len(chosen), *hand.points.shape)).astype(np.float32)
            dots[chosen] = hand.way @ (hand.points - np.float32(0.5) + wobble)
            drawn[chosen] = hand.drawn
    return dots, drawn


def _bend(dots: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bend, stretch, slant and turn the plane of each digit, dots (N, DOTS, 2)."""
    count = len(dots)

    def each(mean: float, deviation: float) -> NDArray[np.float32]:
        return rng.normal(mean, deviation, (count, 1)).astype(np.float32)

    x, y = dots[..., 0], dots[..., 1]
    x, y = (
        x + each(0, 0.15) * y**2 + each(0, 0.2) * x * y + each(0, 0.1) * x**2,
        y + each(0, 0.1) * x**2 + each(0, 0.2) * x * y + each(0, 0.15) * y**2,
    )
    x = x * np.exp(each(-0.25, 0.22))  # handwriting is narrower than its box
    x = x - each(0.15, 0.25) * y  # and leans to the right
    angle = each(0, 0.1)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)


def _place(
    dots: NDArray[np.float32], drawn: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Dots in pixels: the larger side is ``BOX``, the centre of mass that of the image, nearly."""
    low, high = dots.min(axis=1), dots.max(axis=1)
    largest = (high - low).max(axis=1)[:, np.newaxis, np.newaxis]
    size = BOX * rng.uniform(0.85, 1.0, (len(dots), 1, 1)).astype(np.float32)
    dots = dots / largest * size
    lengths = _lengths(dots, drawn)[..., np.newaxis]
    middles = (dots[:, 1:] + dots[:, :-1]) / 2
    mass = (middles * lengths).sum(axis=1, keepdims=True) / lengths.sum(axis=1, keepdims=True)
    shift = rng.normal(0, 0.4, (len(dots), 1, 2)).astype(np.float32)
    placed: NDArray[np.float32] = dots - mass + shift + np.float32((SIDE - 1) / 2)
    return placed


def _lengths(dots: NDArray[np.float32], drawn: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much line (N, DOTS - 1), in pixels, the pen draws between neighbouring dots."""
    lengths: NDArray[np.float32] = np.linalg.norm(np.diff(dots, axis=1), axis=-1) * drawn
    return lengths


def _ink(
    dots: NDArray[np.float32], drawn: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The images (N, 28, 28) of dots in pixels.

    Each piece of line leaves ink in the shape of a Gaussian. Along a line they add up to a ridge
    exp(-d^2 / 2 radius^2) at the distance d, which is cut at half its height, with an edge about a
    pixel wide. A Gaussian is a product of one in x and one in y, so an image is one matrix product.
    """
    count = len(dots)
    radius = rng.uniform(0.65, 1.5, (count, 1, 1)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    waves = phase + np.linspace(0, 3 * np.pi, DOTS - 1)
    pressure = (1 + rng.uniform(0, 0.25, (count, 1)) * np.sin(waves)).astype(np.float32)
    middles = (dots[:, 1:] + dots[:, :-1]) / 2
    pixels = np.arange(SIDE, dtype=np.float32)
    spread = -1 / (2 * radius**2)
    columns = np.exp(spread * (middles[..., :1] - pixels) ** 2)
    rows = np.exp(spread * (middles[..., 1:] - pixels) ** 2)
    weights = _lengths(dots, drawn) * pressure / (np.sqrt(2 * np.pi) * radius[..., 0])
    ridges = (rows * weights[..., np.newaxis]).swapaxes(1, 2) @ columns
    brightest = rng.uniform(0.85, 1.0, (count, 1, 1)).astype(np.float32)
    light = np.clip((ridges - 0.5) * (1.7 * radius) + 0.5, 0, 1) * brightest
    pixels_8bit: NDArray[np.uint8] = np.rint(light * 255).astype(np.uint8)
    return pixels_8bit
