from __future__ import annotations

import pytest

from training.teacher.endpoint_config import DEFAULT_KEY_VARIABLE, EndpointConfig, read_key, shown_url
from training.teacher.errors import TeacherError


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("localhost:8000/v1", "has no http:// or https://"),
        ("ftp://host/v1", "has no http:// or https://"),
        ("http://", "names no host"),
        ("http://host:99999/v1", "ort out of range"),
        ("http://[::1/v1", "Invalid IPv6"),
    ],
)
def test_url_that_cannot_be_right_is_refused_before_anything_is_asked(url: str, problem: str) -> None:
    with pytest.raises(TeacherError, match="--base-url") as caught:
        EndpointConfig(url, "m")
    assert problem in str(caught.value) and "http://localhost:8000/v1" in str(caught.value)


def test_secrets_in_a_url_are_not_shown() -> None:
    assert shown_url("https://me:pass@host:1/v1?key=x") == "https://host:1/v1"
    assert "pass" not in shown_url("https://me:pass@[::1/v1?key=x")


def test_key_is_read_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " sk-1 ")
    monkeypatch.delenv(DEFAULT_KEY_VARIABLE, raising=False)
    assert read_key("MY_KEY") == "sk-1"
    assert read_key(DEFAULT_KEY_VARIABLE) is None


@pytest.mark.parametrize("key", ["two words", "schl\u00fcssel", "a\nb"])
def test_key_that_cannot_be_sent_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(TeacherError, match="MY_KEY: holds characters that no key has") as caught:
        read_key("MY_KEY")
    assert key not in str(caught.value)
