"""How networks are fooled, and how one measures it."""
