"""What a user would otherwise put a T5 behind, each as its documentation shows; `benchmarks.load` starts them."""
