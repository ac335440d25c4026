"""How fast PGD runs beside torchattacks, Foolbox and the bare limit, in one run.

    python tests/benchmarks/attacks.py [--batch 256] [--steps 40] [--rounds 5] [--threads 1]

The bare limit is one forward and one backward pass to the input for each step, and nothing else.
Rounds take turns, so that a busy machine slows all alike; the best round of each counts, and the
ratios to the bare limit are what to trust. A peer that is not installed is left out.
"""

import argparse
import importlib
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.adversarial import fgsm, pgd
from engine.cnn.networks import DigitsNetwork, Network, NetworkError, load

EPSILON, STEP_SIZE = 0.3, 0.01
Contestant = Callable[[], torch.Tensor]


def digits_network() -> tuple[Network, str]:
    """The bundled digits network, or the same architecture with random weights: as fast."""
    try:
        return load("digits"), "digits"
    except NetworkError:
        return DigitsNetwork().eval(), "digits (random weights)"


def bare(
    network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, steps: int
) -> torch.Tensor:
    """Only the passes through the network; no step is taken."""
    for _ in range(steps):
        images = images.detach().requires_grad_()
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        torch.autograd.grad(loss, images)
    return images


def contestants(
    network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, steps: int
) -> dict[str, Contestant]:
    """Everyone who can run here, by name."""
    settings = {"epsilon": EPSILON, "step_size": STEP_SIZE, "steps": steps}
    found: dict[str, Contestant] = {
        "bare forward + backward": lambda: bare(network, images, labels, steps),
        "deepscope": lambda: pgd(network, images, labels, **settings, random_start=False),
        "deepscope, random start": lambda: pgd(network, images, labels, **settings, seed=0),
    }
    if torchattacks := optional("torchattacks"):
        theirs = torchattacks.PGD(
            network, eps=EPSILON, alpha=STEP_SIZE, steps=steps, random_start=False
        )
        found["torchattacks"] = lambda: theirs(images, labels)
    if foolbox := optional("foolbox"):
        attack = foolbox.attacks.LinfPGD(abs_stepsize=STEP_SIZE, steps=steps, random_start=False)
        model = foolbox.PyTorchModel(network, bounds=(0, 1), device=images.device)
        criterion = foolbox.criteria.Misclassification(labels)
        found["Foolbox"] = lambda: attack.run(model, images, criterion, epsilon=EPSILON)
    return found


def optional(name: str):  # noqa: ANN201 - a module, or None where it is not installed
    """Import a peer, silently: its warnings are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def best_seconds(found: dict[str, Contestant], rounds: int) -> dict[str, float]:
    """The fastest of ``rounds`` turns of each, after one turn to warm up."""
    best = dict.fromkeys(found, float("inf"))
    for turn in range(rounds + 1):
        for name, run in found.items():
            began = time.perf_counter()
            run()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:
                best[name] = min(best[name], time.perf_counter() - began)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    network, name = digits_network()
    network.to(chosen.device)
    images = torch.rand(chosen.batch, *network.input_size, device=chosen.device)
    with torch.no_grad():
        labels = network(images).argmax(dim=1)

    print(f"PGD-{chosen.steps}, batch {chosen.batch}, network {name}, {chosen.device}")
    found = contestants(network, images, labels, chosen.steps)
    seconds = best_seconds(found, chosen.rounds)
    limit = seconds["bare forward + backward"]
    print(f"{'':26}{'ms':>9}{'x bare':>9}  same pixels")
    ours = found["deepscope"]()
    for contestant, taken in seconds.items():
        same = "yes" if torch.equal(found[contestant](), ours) else ""
        print(f"{contestant:26}{1000 * taken:9.1f}{taken / limit:9.3f}  {same}")
    single = best_seconds(
        {
            "bare": lambda: bare(network, images[:1], labels[:1], 1),
            "fgsm": lambda: fgsm(network, images[:1], labels[:1], epsilon=EPSILON),
        },
        100,
    )
    print(f"FGSM of one image: {1000 * single['fgsm']:.2f} ms, bare {1000 * single['bare']:.2f} ms")


if __name__ == "__main__":
    main()
