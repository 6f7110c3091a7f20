"""Where graph runs happen: in this process, or somewhere else behind the same interface."""
