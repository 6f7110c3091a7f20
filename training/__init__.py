"""Makes a student: data, objective, training and evaluation (torch, transformers)."""
