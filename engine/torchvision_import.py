"""The one way in which Deepscope imports torchvision.

The torchvision that package registries serve for Linux is built for CUDA. Beside a CPU build of
torch its compiled operators cannot be loaded, and ``import torchvision`` ends in ``operator
torchvision::nms does not exist``, because it registers shape rules for two operators that nobody
declared. Declaring them is enough: models, data sets and transforms are plain Python and work. What
stays missing is what is compiled: the two operators themselves, and decoding in ``torchvision.io``
(OpenCV decodes here).
"""

import functools
import importlib
import sys
from types import ModuleType

import torch

SUPPRESSION = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@functools.cache
def import_torchvision() -> ModuleType:
    """torchvision itself, however torch was built. The first call takes about a second.

    Raises:
        ImportError: torchvision is not installed.
        RuntimeError: it fails for another reason than the one above.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    # What the failed attempt left half imported would be taken for whole.
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare_operators()
    return importlib.import_module("torchvision")


@functools.cache
def _declare_operators() -> torch.library.Library:
    """The two schemas; they last as long as the returned object, which the cache holds."""
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(name + SUPPRESSION)  # type: ignore[no-untyped-call]
    return library
