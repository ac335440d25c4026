"""Networks think in (C, H, W); eyes want pictures."""

import numpy as np
from numpy.typing import NDArray

from gui import theme


def as_picture(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network's input (C, H, W) in [0, 1] as a picture (H, W) or (H, W, 3)."""
    return values[0] if len(values) == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))


def signed_picture(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Signed values (C, H, W) as a picture (H, W, 3), the largest at the end of the scale.

    One channel wears the theme's diverging colours; three become light and dark around middle gray.
    """
    limit = float(np.abs(values).max()) or 1.0
    if len(values) == 1:
        table = np.array(theme.signed_table(theme.current()), dtype=np.uint32)
        colours = table[np.rint(128 + 127 * values[0] / limit).astype(np.uint8)]
        return np.stack([colours >> 16, colours >> 8, colours], axis=-1).astype(np.uint8)
    shades = np.rint(127.5 + 127.5 * values / limit).astype(np.uint8)
    return np.ascontiguousarray(shades.transpose(1, 2, 0))
