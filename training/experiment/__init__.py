"""Many runs of one recipe, compared: methods, data, sizes, teachers, weights and seeds."""
