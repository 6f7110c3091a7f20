"""The demo student's data: three small tasks, made by a generator, one for each kind of answer space."""
