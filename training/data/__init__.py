"""Training data: one dataset a module, each yields `Example` rows."""
