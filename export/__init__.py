"""Compiles a trained student into a bundle: the label path, the rationale path, the parity gate."""
