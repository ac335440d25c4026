"""Whatever comes in becomes one checked image: files of many formats, arrays of many kinds."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from engine.files import write_atomically

# (H, W, 3), RGB, in [0, 1].
Image: TypeAlias = NDArray[np.float32]

LARGEST_FILE = 1024**3  # bytes
LARGEST_IMAGE = 80_000_000  # pixels: about 1 GB as float32, and just below where Pillow warns
JPEG_QUALITY = 95
ROUNDING = 1e-3  # how far arithmetic may have carried a float outside [0, 1]
ORIENTATION = 0x0112  # the EXIF tag


class ImageError(Exception):
    """An image that cannot be used or saved; the message says why and what to do, in a sentence."""


def load_image(path: Path | str) -> Image:
    """Read an image file in any format that OpenCV reads; of several frames, the first.

    8 and 16 bits are scaled by 255 and 65535, transparency is laid over white, EXIF rotation is
    applied. High-dynamic-range floats are clipped to [0, 1]: what is brighter than 1 becomes 1,
    there is no tone mapping.

    Raises:
        ImageError: the file is missing, unreadable, no image, damaged, cut short or too large.
    """
    path = Path(path)
    content = _read(path)
    header = _read_header(path, content)
    pixels = _decode(content)
    if pixels is None and header is None:
        raise ImageError(
            f"{path.name} is not an image in a format that Deepscope reads; choose a PNG, JPEG, "
            "WebP, TIFF, BMP or GIF file."
        )
    if pixels is None or header is None and pixels.size == 0:
        raise ImageError(
            f"{path.name} begins like a {header.format if header else ''} image but cannot be "
            "decoded: it is damaged, cut short or of a rare variety. Download or copy it again, or "
            "save it as PNG with another program."
        )
    return pixels
