"""Mosaics: exact indices for known values, and the way back from a pixel to its map."""

import numpy as np
import pytest

from engine.mosaic import Mosaic, locate, tile


def test_a_signed_scale_is_exact() -> None:
    maps = np.array([[[-2.0, -1.0, 0.0, 1.0, 2.0]]], np.float32)
    mosaic = tile(maps, signed=True)
    assert mosaic.limit == 2.0 and mosaic.signed
    assert mosaic.pixels.dtype == np.uint8
    assert mosaic.pixels.tolist() == [[1, 64, 128, 192, 255]]  # 64.5 and 191.5 round to even


def test_a_magnitude_scale_is_exact() -> None:
    maps = np.array([[[0.0, 1.0, 2.0, 4.0]]], np.float32)
    mosaic = tile(maps, signed=False)
    assert mosaic.limit == 4.0
    assert mosaic.pixels.tolist() == [[1, 64, 128, 255]]  # 64.5 rounds to even


def test_a_given_limit_clips() -> None:
    maps = np.array([[[-9.0, -1.0, 1.0, 9.0]]], np.float32)
    assert tile(maps, signed=True, limit=1.0).pixels.tolist() == [[1, 1, 255, 255]]
    assert tile(maps, signed=False, limit=1.0).pixels.tolist() == [[1, 1, 255, 255]]


def test_the_limit_is_the_largest_magnitude_of_either_sign() -> None:
    maps = np.array([[[-5.0, 1.0]], [[2.0, 3.0]]], np.float32)
    assert tile(maps, signed=True).limit == 5.0


@pytest.mark.parametrize(("signed", "zero"), [(True, 128), (False, 1)])
def test_silent_layers_do_not_divide_by_zero(signed: bool, zero: int) -> None:
    mosaic = tile(np.zeros((2, 3, 3), np.float32), signed=signed)
    assert mosaic.limit == 0.0
    assert set(mosaic.pixels.ravel().tolist()) == {0, zero}
    smallest = np.full((1, 1, 1), np.float32(1e-45))
    assert tile(smallest, signed=signed).pixels.tolist() == [[255]]


def test_what_is_not_finite_is_shown() -> None:
    maps = np.array([[[np.nan, np.inf, -np.inf, 3.0, -1.5]]], np.float32)
    mosaic = tile(maps, signed=True)
    assert mosaic.limit == 3.0
    assert mosaic.pixels.tolist() == [[128, 255, 1, 255, 64]]


def test_maps_lie_in_rows_with_gaps_between_them() -> None:
    maps = np.ones((5, 2, 3), np.float32)
    mosaic = tile(maps, columns=3, signed=False)
    assert mosaic.pixels.shape == (2 * 2 + 1, 3 * 3 + 2)
    expected = np.full((5, 11), 255)
    expected[2], expected[:, 3], expected[:, 7] = 0, 0, 0
    expected[3:, 8:] = 0  # the sixth place is empty
    np.testing.assert_array_equal(mosaic.pixels, expected)
    assert (mosaic.columns, mosaic.maps, mosaic.map_height, mosaic.map_width) == (3, 5, 2, 3)


def test_without_a_gap_and_about_square() -> None:
    assert tile(np.ones((16, 28, 28), np.float32), signed=True).columns == 4
    assert tile(np.ones((4, 2, 2), np.float32), gap=0, signed=False).pixels.min() == 255
    assert tile(np.ones((2, 1, 1), np.float32), columns=9, signed=False).columns == 2


@pytest.mark.parametrize(("aspect", "columns"), [(0.01, 1), (1.0, 4), (2.25, 6), (100.0, 16)])
def test_columns_fit_the_room(aspect: float, columns: int) -> None:
    assert tile(np.ones((16, 8, 8), np.float32), aspect=aspect, signed=True).columns == columns


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_locate_is_the_way_back(gap: int) -> None:
    maps = np.arange(1, 7 * 3 * 4 + 1, dtype=np.float32).reshape(7, 3, 4)
    mosaic = tile(maps, columns=3, gap=gap, signed=False, limit=254.0)
    found = set()
    for row, column in np.ndindex(*mosaic.pixels.shape):
        place = locate(mosaic, row, column)
        if place is None:
            assert mosaic.pixels[row, column] == 0
        else:
            assert mosaic.pixels[row, column] == maps[place] + 1
            found.add(place)
    assert len(found) == maps.size


@pytest.mark.parametrize("pixel", [(-1, 0), (0, -1), (7, 0), (0, 7), (500, 500)])
def test_outside_is_nowhere(pixel: tuple[int, int]) -> None:
    mosaic: Mosaic = tile(np.ones((4, 3, 3), np.float32), signed=True)
    assert locate(mosaic, *pixel) is None


def test_what_is_no_maps_is_refused() -> None:
    for maps in (np.ones((3, 3), np.float32), np.ones((0, 3, 3), np.float32)):
        with pytest.raises(ValueError, match=r"\(C, H, W\)"):
            tile(maps, signed=True)
    one = np.ones((1, 1, 1), np.float32)
    with pytest.raises(ValueError, match="at least one column"):
        tile(one, columns=0, signed=True)
    for limit in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="limit"):
            tile(one, limit=limit, signed=True)
