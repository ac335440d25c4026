"""How an agent learns to act."""
