"""Save and load what was learned: safe, atomic, self-describing.

A checkpoint is a safetensors file whose metadata holds one JSON object under ``deepscope``: what it
is, the settings and versions that made it, and how it scored. Nothing is ever unpickled: a
safetensors file holds numbers and text, no code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from engine.files import write_atomically

FORMAT_VERSION = 1
LARGEST_FILE = 2 * 1024**3  # bytes; nothing that Deepscope trains comes near


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message says why and what to do, in a sentence."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    kind: what was saved, for example ``"cnn"`` or ``"dqn"``.
    tensors: name to tensor, on the CPU.
    header: the JSON object that was saved with it (settings, seed, steps, versions, evaluation).
    """

    kind: str
    tensors: dict[str, torch.Tensor]
    header: dict[str, Any]


def save_checkpoint(
    path: Path, kind: str, tensors: Mapping[str, torch.Tensor], header: Mapping[str, Any]
) -> None:
    """Write a checkpoint at ``path`` as a whole or not at all.

    ``header`` must be JSON. Folders on the way are created.

    Raises:
        CheckpointError: the file could not be written (disk full, read-only folder).
    """
    described = {"format": FORMAT_VERSION, "kind": kind, **header}
    whole = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()
    }
    try:
        write_atomically(path, save(whole, metadata={"deepscope": json.dumps(described)}))
    except OSError as error:
        raise CheckpointError(f"{path} could not be written: {error.strerror or error}.") from error


def load_checkpoint(path: Path, kind: str | None = None) -> Checkpoint:
    """Read the checkpoint at ``path``; with ``kind``, accept no other.

    Raises:
        CheckpointError: the file is missing, truncated, foreign, of a newer format, or of another
            kind.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint file at {path}.")
    if path.stat().st_size > LARGEST_FILE:
        raise CheckpointError(f"{path.name} is larger than 2 GB, too large for a checkpoint.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            header = json.loads(metadata.get("deepscope", "null"))
            names = list(file.keys())
            if isinstance(header, dict):
                tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path.name} is not a whole safetensors file ({error}). It may be cut short or of "
            "another format; train or save it again."
        ) from error
    if not isinstance(header, dict):
        raise CheckpointError(
            f"{path.name} is a safetensors file, but not one that Deepscope saved: it has no "
            "'deepscope' description."
        )
    version, found = header.pop("format", None), header.pop("kind", None)
    if not isinstance(version, int) or not isinstance(found, str):
        raise CheckpointError(f"{path.name} has a damaged description; train or save it again.")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path.name} was saved by a newer Deepscope (format {version}, this one reads up to "
            f"{FORMAT_VERSION}). Update Deepscope to open it."
        )
    if kind is not None and found != kind:
        raise CheckpointError(f"{path.name} holds a '{found}', but a '{kind}' is needed here.")
    return Checkpoint(found, tensors, header)


def load_weights(module: torch.nn.Module, checkpoint: Checkpoint, name: str) -> None:
    """Copy a checkpoint's tensors into ``module``, which must have the same names and shapes.

    Raises:
        CheckpointError: a name or a shape does not fit; the message calls the file ``name``.
    """
    try:
        module.load_state_dict(checkpoint.tensors)
    except RuntimeError as error:
        raise CheckpointError(
            f"{name} does not fit the network that it describes: {error}"
        ) from error
