"""Training digits as other hands would have drawn them: moved, turned, scaled, thicker, thinner."""

import math

import torch
import torch.nn.functional as F

# The most that happens at strength 1; each image gets its own, uniform between minus and plus.
ROTATION = math.radians(14)
SHEAR = 0.2
ASPECT = 0.15  # logarithm of how much wider, and as much lower
ZOOM = 0.32  # logarithm of the size, about that of SMALLER
SMALLER = 0.12  # digits fill their box in the data sets, but seldom the pad that a person draws on
SHIFT = 3.5 / 14  # in half image widths: 3.5 pixels of 28
THICKNESS = 0.8  # of the way to the image dilated, or eroded, by one pixel


def augment(images: torch.Tensor, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Light digits on black (N, 1, H, W) in [0, 1], each changed at random; the same shape.

    A random affine map (rotation, shear, aspect, size, shift), resampled bilinearly, and a change
    of stroke thickness by gray-scale morphology. ``generator`` lives on the CPU, so that a seed
    means the same on every device.
    """
    draws = (2 * torch.rand(7, len(images), generator=generator) - 1) * strength
    angle, shear, aspect, zoom = (
        draws[0] * ROTATION,
        draws[1] * SHEAR,
        draws[2] * ASPECT,
        draws[3] * ZOOM + SMALLER * strength,
    )
    # Each row maps a position in the result to the one in the source from which it is read, which
    # is why a factor above 1 makes smaller.
    cosine, sine = angle.cos(), angle.sin()
    width, height = (zoom - aspect).exp(), (zoom + aspect).exp()
    across = torch.stack([width * cosine, width * (shear * cosine - sine), draws[4] * SHIFT], dim=1)
    down = torch.stack([height * sine, height * (shear * sine + cosine), draws[5] * SHIFT], dim=1)
    maps = torch.stack([across, down], dim=1).to(images.device)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, align_corners=False)
    thickness = (draws[6] * THICKNESS).to(images.device).view(-1, 1, 1, 1)
    thicker = F.max_pool2d(moved, kernel_size=3, stride=1, padding=1)
    thinner = -F.max_pool2d(-moved, kernel_size=3, stride=1, padding=1)
    return torch.where(
        thickness > 0,
        moved + thickness * (thicker - moved),
        moved - thickness * (thinner - moved),
    )
