"""What the runs of an experiment would all say."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_SAID_BY = ("training.data", "training.run")


@contextmanager
def said_once_a_run() -> Iterator[None]:
    """Keep back what training says of its data: every run would say it again, and its data.json has it."""
    loggers = [logging.getLogger(name) for name in _SAID_BY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
