"""Many maps as one image of 8-bit indices, so that a window paints them all with one call."""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GAP_INDEX = 0
ZERO_SIGNED = 128
LARGEST_INDEX = 255


@dataclass(frozen=True)
class Mosaic:
    """Maps side by side in rows, as indices into a colour table of 256 entries.

    pixels: uint8 (rows of all maps and gaps, columns of the same). 0 is the gap, and the places of
        the last row that no map fills. 1 to 255 are values: if ``signed``, 1 is ``-limit``, 128 is
        zero and 255 is ``limit``; if not, 1 is zero and 255 is ``limit``. Beyond is clipped; NaN is
        shown as zero.
    columns: maps in one row.
    gap: pixels between two neighbours; there is none around the whole.
    maps, map_height, map_width: how many, and the size of each in pixels.
    limit: the value at index 255; 0 where all maps are zero.
    signed: which of the two scales.
    """

    pixels: NDArray[np.uint8]
    columns: int
    gap: int
    maps: int
    map_height: int
    map_width: int
    limit: float
    signed: bool


def tile(
    maps: NDArray[np.float32],
    *,
    columns: int | None = None,
    aspect: float = 1.0,
    gap: int = 1,
    signed: bool,
    limit: float | None = None,
) -> Mosaic:
    """The mosaic of ``maps`` (C, H, W), all on one scale.

    columns: maps in one row; by default what brings the whole nearest to ``aspect``.
    aspect: width over height of the room that there is for the whole.
    limit: the magnitude at the end of the scale; by default the largest finite one in ``maps``.

    Raises:
        ValueError: another shape, no value, no column, a negative gap or limit.
    """
    if maps.ndim != 3 or maps.size == 0:
        raise ValueError(f"A mosaic needs maps of the shape (C, H, W), not {maps.shape}.")
    if gap < 0 or (limit is not None and not 0 <= limit < math.inf):
        raise ValueError(f"A mosaic needs gap and limit of at least 0, not {gap} and {limit}.")
    count, height, width = maps.shape
    if columns is None:
        columns = _fitting_columns(count, (height + gap) / (width + gap) * aspect)
    if columns < 1:
        raise ValueError(f"A mosaic needs at least one column, not {columns}.")
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    if limit is None:
        limit = _largest_magnitude(maps)
    # Each map carries the gap to its right and below, so that the mosaic is one reshape.
    indices = np.full((rows * columns, height + gap, width + gap), GAP_INDEX, np.uint8)
    indices[:count, :height, :width] = _indices(maps, limit, signed)
    grid = indices.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    whole = grid.reshape(rows * (height + gap), columns * (width + gap))
    pixels = np.ascontiguousarray(whole[: len(whole) - gap, : whole.shape[1] - gap])
    return Mosaic(pixels, columns, gap, count, height, width, limit, signed)


@functools.lru_cache(maxsize=256)  # asked anew for every layer of every frame
def _fitting_columns(count: int, width: float) -> int:
    """Columns for ``count`` maps that let each be largest in a room ``width`` maps wide and 1 high.

    A map is as large as the tighter of the two directions allows.
    """

    def size(columns: int) -> float:
        return min(width / columns, 1.0 / math.ceil(count / columns))

    return max(range(1, count + 1), key=size)


def locate(mosaic: Mosaic, row: int, column: int) -> tuple[int, int, int] | None:
    """The map, and the row and column in it, at a pixel of the mosaic; None between the maps."""
    down, map_row = divmod(row, mosaic.map_height + mosaic.gap)
    right, map_column = divmod(column, mosaic.map_width + mosaic.gap)
    index = down * mosaic.columns + right
    inside = map_row < mosaic.map_height and map_column < mosaic.map_width
    if down < 0 or not 0 <= right < mosaic.columns or index >= mosaic.maps or not inside:
        return None
    return index, map_row, map_column


def _largest_magnitude(maps: NDArray[np.float32]) -> float:
    largest = max(float(maps.max()), -float(maps.min()))
    if not math.isfinite(largest):
        largest = float(np.abs(maps, where=np.isfinite(maps), out=np.zeros_like(maps)).max())
    return largest


def _indices(maps: NDArray[np.float32], limit: float, signed: bool) -> NDArray[np.uint8]:
    zero = ZERO_SIGNED if signed else 1
    scale = np.float32(limit)
    if scale == 0:
        return np.full(maps.shape, zero, np.uint8)
    scaled = np.clip(maps, -scale if signed else np.float32(0), scale)
    scaled /= scale
    scaled *= LARGEST_INDEX - zero
    scaled += zero
    np.rint(scaled, out=scaled)
    np.nan_to_num(scaled, copy=False, nan=zero)
    return scaled.astype(np.uint8)
