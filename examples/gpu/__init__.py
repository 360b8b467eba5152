"""How GPUs compute, and what that costs and saves."""
