"""The same questions to any server: requests are prepared, and answers must be those that were prepared with them.

`benchmarks.load` writes the requests, a JSON line each: `path`, `body`, `answer`, and `answer_at`, the keys and numbers
that lead to the answer in the response.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from locust import events

from benchmarks.load_user import LoadUser, listen

_requests: list[dict[str, Any]] = []


def add_options(parser: Any) -> None:
    """Add the prepared requests to Locust's own options."""
    parser.add_argument("--requests", required=True, include_in_web_ui=False, help="JSON lines")


def load_requests(environment: Any, **_: object) -> None:
    """Read the requests before anybody sends one."""
    file = environment.parsed_options.requests
    try:
        _requests.extend(map(json.loads, Path(file).read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError) as error:
        sys.exit(f"--requests {file}: cannot be read ({error})")


class Asker(LoadUser):
    """Somebody who asks one question at a time."""

    def ask(self, due: float | None) -> None:
        """A prepared request, drawn by lot."""
        prepared = random.choice(_requests)
        with self.post(prepared["path"], prepared["path"], prepared["body"], due) as sent:
            if sent.response.status_code != 200:
                sent.failure(f"status {sent.response.status_code}")
                return
            try:
                found: Any = sent.response.json()
                for key in prepared["answer_at"]:
                    found = found[key]
            except (ValueError, KeyError, TypeError, IndexError):
                sent.failure("no answer")
                return
            if found != prepared["answer"]:
                sent.failure("another answer")


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(load_requests)
listen()
