"""The attacks that there are, as the lab lists them: found in the files of this folder.

A file that defines ``ATTACK = Attack(...)`` appears in the lab; no list has to be kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from engine.adversarial.ascent import AttackSnapshot


@dataclass(frozen=True)
class FormulaPart:
    """A piece of a formula.

    text: HTML, in the symbols of the source.
    quantity: whose number stands under it in the lab: ``adversarial``, ``original``, ``epsilon``,
        ``step_size`` or ``loss``; None for an operator.
    """

    text: str
    quantity: str | None = None


ASCENT = FormulaPart("+")
SIGN = FormulaPart("&middot; sign (")
UNIT = FormulaPart("&middot; unit vector of (")
GRADIENT = FormulaPart("&nabla;<sub><i>x</i></sub> <i>L</i>(&theta;, <i>x</i>, <i>y</i>)", "loss")


@dataclass(frozen=True)
class Attack:
    """How an attack is shown and run.

    name: short and stable, for settings files and the command line.
    title: for a menu.
    formula: its parts, untargeted and in L-infinity, with ``ASCENT`` where it adds and ``SIGN``
        where it takes the gradient; ``formula_shown`` has the other variants.
    source: the paper.
    settings: the names of the ``comparison.Settings`` that it uses, in the order of a form; each is
        a keyword of ``run``, which also takes ``targeted``.
    run: ``run(network, images, labels, *, targeted, **settings)``, a generator of snapshots.
    """

    name: str
    title: str
    formula: tuple[FormulaPart, ...]
    source: str
    settings: tuple[str, ...]
    run: Callable[..., Iterator[AttackSnapshot]]

    def formula_shown(self, *, targeted: bool, norm: str) -> tuple[FormulaPart, ...]:
        """The formula as it is used: a targeted attack descends the loss of its target, and a step
        in L2 follows the gradient itself, at unit length (Madry et al. 2018).
        """
        parts = self.formula
        if norm == "l2" and "norm" in self.settings:
            parts = tuple(UNIT if part is SIGN else part for part in parts)
        if not targeted:
            return parts
        return tuple(
            FormulaPart("&minus;")
            if part is ASCENT
            else replace(part, text=part.text.replace("<i>y</i>", "<i>y</i><sub>target</sub>"))
            for part in parts
        )


@cache
def attacks() -> Mapping[str, Attack]:
    """Every attack by its name, in the alphabetical order of the names."""
    package = import_module("engine.adversarial")
    modules = [
        import_module(f"{package.__name__}.{file.name}") for file in iter_modules(package.__path__)
    ]
    found = [
        module.ATTACK for module in modules if isinstance(getattr(module, "ATTACK", None), Attack)
    ]
    return MappingProxyType({attack.name: attack for attack in sorted(found, key=lambda a: a.name)})
