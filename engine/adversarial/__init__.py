"""How networks are fooled, and how one measures it."""

from engine.adversarial.ascent import AttackSnapshot
from engine.adversarial.attack import attacks
from engine.adversarial.fast_gradient_sign import fgsm, fgsm_steps
from engine.adversarial.objective import AttackError
from engine.adversarial.projected_gradient_descent import pgd, pgd_steps

__all__ = [
    "AttackError",
    "AttackSnapshot",
    "attacks",
    "fgsm",
    "fgsm_steps",
    "pgd",
    "pgd_steps",
]
