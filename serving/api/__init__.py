"""The HTTP surface: routes, the models they speak, and their documentation."""
