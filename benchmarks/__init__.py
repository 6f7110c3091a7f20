"""Scripts that measure Quickstep into `benchmarks/results/`; run from the root as `python -m benchmarks.x`."""
