"""Whatever comes in becomes one checked image: files of many formats, arrays of many kinds."""

import io
import warnings
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
LARGEST_IMAGE = 100_000_000  # pixels: 1.2 GB as float32
JPEG_QUALITY = 95
ROUNDING = 1e-3  # how far arithmetic may have carried a float outside [0, 1]
ORIENTATION = 0x0112  # the EXIF tag
FULL_SCALE = {np.dtype(np.bool_): 1, np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


class ImageError(Exception):
    """An image that cannot be used or saved; the message says why and what to do, in a sentence."""


def load_image(path: Path | str) -> Image:
    """Read an image file in any format that OpenCV reads; of several frames, the first.

    8 and 16 bits are divided by 255 and 65535, transparency is laid over white, EXIF rotation is
    applied. Floats of high dynamic range are clipped to [0, 1]: all that is brighter than 1 becomes
    1, there is no tone mapping.

    Raises:
        ImageError: the file is missing, unreadable, no image, damaged, cut short or too large.
    """
    path = Path(path)
    content = _read(path)
    # Pillow reads the header alone: the size before anything of that size is allocated, and the
    # orientation, which OpenCV applies only where it also drops the transparency. The pixels are
    # OpenCV's, because Pillow reduces 16-bit colour to 8 bits.
    header = _read_header(path.name, content)
    pixels = _decode(content)
    file_format, orientation = header or (None, 1)
    if pixels is None and file_format is None:
        raise ImageError(
            f"{path.name} is not an image in a format that Deepscope reads, or is damaged at its "
            "beginning; choose a PNG, JPEG, WebP, TIFF, BMP or GIF file."
        )
    if pixels is None:
        raise _damaged(path.name, file_format)
    if pixels.dtype.kind == "f":
        pixels = np.clip(pixels, 0, 1)
    try:
        return from_array(_upright(pixels, orientation))
    except ImageError as error:
        raise ImageError(f"{path.name} cannot be used. {error}") from error


def from_array(array: NDArray[Any]) -> Image:
    """The checked image of an array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).

    Gray becomes three equal channels; the fourth channel is straight (not premultiplied) opacity,
    over white. bool, uint8 and uint16 are divided by 1, 255 and 65535; floats have to be in [0, 1].
    The result is a copy, C-contiguous.

    Raises:
        ImageError: another shape, no pixel, another type of number, NaN, or a float outside [0, 1].
    """
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ImageError(
            f"An array of shape {array.shape} is not an image; give (height, width) for gray, or "
            "(height, width, channels) with 1, 3 (RGB) or 4 (RGBA) channels."
        )
    if array.size == 0:
        raise ImageError(
            f"The image has no pixel (its shape is {array.shape}); choose one that is at least "
            "1 x 1."
        )
    if array.dtype in FULL_SCALE:
        values = np.divide(array, np.float32(FULL_SCALE[array.dtype]), dtype=np.float32)
    elif array.dtype.kind == "f":
        values = _checked_floats(array)
    else:
        raise ImageError(
            f"The image holds {array.dtype} numbers; convert it to uint8, uint16 or to floats in "
            "[0, 1]."
        )
    if values.shape[2] == 4:
        opacity = values[..., 3:]
        values = values[..., :3] * opacity + (1 - opacity)
    if values.shape[2] == 1:
        values = np.repeat(values, 3, axis=2)
    return np.ascontiguousarray(values)


def fit(image: Image, height: int, width: int) -> Image:
    """``image`` at exactly (height, width, 3): cropped about its centre to that shape, then scaled.

    Scaling down averages over areas, so that nothing aliases; scaling up is bilinear.
    """
    if height < 1 or width < 1:
        raise ValueError(f"An image is at least 1 x 1, not {height} x {width}.")
    rows, columns = image.shape[:2]
    if columns * height > rows * width:
        kept_rows, kept_columns = rows, max(1, round(rows * width / height))
    else:
        kept_rows, kept_columns = max(1, round(columns * height / width)), columns
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    cropped = image[top : top + kept_rows, left : left + kept_columns]
    shrinks = kept_rows * kept_columns > height * width
    scaled: Image = cv2.resize(
        cropped, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.clip(scaled, 0, 1)


def to_uint8(image: Image) -> NDArray[np.uint8]:
    """The 8-bit pixels (H, W, 3) nearest to ``image``: rounded, never truncated."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def save_image(path: Path | str, image: Image) -> None:
    """Write ``image`` as 8-bit PNG (exactly ``to_uint8``) or JPEG (close to it), by the suffix.

    Raises:
        ImageError: the suffix is another one, or the file could not be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise ImageError(
            f"{path.name} does not say in which format to save; let its name end in .png (exact) "
            "or .jpg (smaller)."
        )
    pixels = cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2BGR)
    quality = [] if path.suffix.lower() == ".png" else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    try:
        _, encoded = cv2.imencode(path.suffix.lower(), pixels, quality)
        write_atomically(path, encoded.tobytes())
    except (OSError, cv2.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ImageError(
            f"{path} could not be saved ({reason}); choose another folder, or free some space."
        ) from error


def silence_opencv() -> None:
    """Keep OpenCV off standard error: what goes wrong reaches the person as an error of ours."""
    # OpenCV 5 moved the function.
    log = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging
    log.setLogLevel(0)


def _read(path: Path) -> bytes:
    # Read here, not by OpenCV, whose file functions fail on non-ASCII names on Windows.
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder; choose an image file inside it.")
        if path.exists() and not path.is_file():
            raise ImageError(f"{path} is a device or a pipe; choose an image file.")
        if path.stat().st_size > LARGEST_FILE:
            raise ImageError(f"{path.name} is larger than 1 GB; save it smaller first.")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(
            f"There is no file {path}; check the name, or whether it was moved."
        ) from error
    except PermissionError as error:
        raise ImageError(
            f"{path} may not be read by this user; change its permissions or copy it elsewhere."
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ImageError(f"{path} could not be read ({reason}); copy it elsewhere.") from error
    if not content:
        raise ImageError(f"{path.name} is an empty file; download or copy it again.")
    return content


def _read_header(name: str, content: bytes) -> tuple[str, int] | None:
    """Format and EXIF orientation (1 to 8), or None where Pillow does not know the format.

    OpenCV itself limits those that Pillow does not know (Radiance HDR, PFM) to 2^30 pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about EXIF and size: both are judged here
            header = Pillow.open(io.BytesIO(content))
    except Pillow.DecompressionBombError as error:
        raise _too_large(name) from error
    except Exception:  # a damaged header breaks Pillow's readers in many ways; OpenCV decides
        return None
    columns, rows = header.size
    if columns * rows > LARGEST_IMAGE:
        raise _too_large(name)
    # The EXIF block where the format keeps one. Not header.getexif(), which decodes a whole PNG to
    # look for it, and for TIFF tells an orientation that OpenCV has already applied.
    exif = Pillow.Exif()
    try:
        exif.load(header.info.get("exif", b""))
        orientation = exif.get(ORIENTATION, 1)
    except Exception:  # damaged EXIF costs only the rotation
        orientation = 1
    try:
        # Only for PNG this does something, and there it matters: OpenCV believes the length of a
        # damaged chunk and fills up to 4 GB of memory with nothing.
        header.verify()
    except Exception as error:
        raise _damaged(name, header.format) from error
    return header.format or "", orientation


def _damaged(name: str, file_format: str | None) -> ImageError:
    return ImageError(
        f"{name} begins like a {file_format} image but cannot be decoded: it is damaged, cut "
        "short or of a rare kind; download or copy it again, or save it as PNG elsewhere."
    )


def _too_large(name: str) -> ImageError:
    return ImageError(
        f"{name} has more than {LARGEST_IMAGE // 1_000_000} million pixels, more than Deepscope "
        "opens; save it smaller first."
    )


def _decode(content: bytes) -> NDArray[Any] | None:
    """The pixels as stored, with channels in RGB or RGBA order, or None."""
    silence_opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None:
        return None
    stored: NDArray[Any] = pixels
    if stored.ndim == 3 and stored.shape[2] >= 3:
        stored = stored[..., [2, 1, 0, 3][: stored.shape[2]]]
    return stored


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn what a camera stored by its EXIF orientation (CIPA DC-008, 4.6.5, Orientation)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _checked_floats(array: NDArray[Any]) -> Image:
    low, high = array.min(), array.max()
    if np.isnan(low):
        raise ImageError("The image holds values that are not numbers (NaN); replace them first.")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ImageError(
            f"The image holds floats from {low:g} to {high:g}, but they have to be in [0, 1]; "
            "divide by the largest possible value first."
        )
    checked: Image = np.clip(array, 0, 1).astype(np.float32)
    return checked
