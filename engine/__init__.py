"""Everything that computes. Imports no Qt; runs and is tested without a window."""
