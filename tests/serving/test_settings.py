from __future__ import annotations

import pytest
from pydantic import ValidationError

from serving.cli import main
from serving.settings import DEMO_STUDENT, Settings
from serving.triton_target import checked_target


def test_defaults_listen_on_loopback_only_and_serve_the_demo() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.bundle) == ("127.0.0.1", 8000, DEMO_STUDENT)


def test_environment_sets_and_flags_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKSTEP_PORT", "9001")
    assert Settings().port == 9001
    assert Settings.model_validate({"port": 9002}).port == 9002


def test_bounds_hold_at_both_ends() -> None:
    for name, field in Settings.model_fields.items():
        for bound in field.metadata:
            value = getattr(bound, "ge", None)
            outside = value - 1 if value is not None else bound.le + 1
            with pytest.raises(ValidationError):
                Settings.model_validate({name: outside})
            with pytest.raises(ValidationError):
                Settings.model_validate({name: 2**63})


def test_requests_that_no_queue_could_take_are_refused() -> None:
    with pytest.raises(ValidationError, match="max_instances"):
        Settings.model_validate({"max_instances": 100, "max_queue_rows": 50})


def test_combinations_are_told_in_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--max-queue-rows", "4"]) == 2
    complaint = capsys.readouterr().err
    assert "--max-instances (64) is above" in complaint and "raise --max-queue-rows" in complaint
    assert "max_" not in complaint


def test_nearly_a_setting_in_the_environment_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("QUICKSTEP_PROT", "9001")
    monkeypatch.setenv("QUICKSTEP_DATASETS", "/data")
    monkeypatch.setattr("serving.cli._serve", lambda settings: None)
    assert main([]) == 0
    (message,) = caplog.messages
    assert "QUICKSTEP_PROT is no setting" in message and "QUICKSTEP_PORT" in message


def test_help_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')} " in text
        assert f"QUICKSTEP_{name.upper()}]" in text.replace("] ", "]")
        assert field.description is not None and field.description in text
        assert isinstance(field.json_schema_extra, dict) and str(field.json_schema_extra["unit"]) in text


def test_wrong_settings_are_named_with_flag_and_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUICKSTEP_DEADLINE_MS", "soon")
    assert main(["--port", "70000"]) == 2
    complaint = capsys.readouterr().err
    assert "--port (QUICKSTEP_PORT)" in complaint and "70000" in complaint
    assert "--deadline-ms (QUICKSTEP_DEADLINE_MS)" in complaint and "soon" in complaint


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:8001",
        "localhost:8001",
        "triton_1.internal:65535",
        "[::1]:8001",
        "dns:///quickstep-triton.default.svc:8001",
        "10.0.0.1:8001,10.0.0.2:8001",
    ],
)
def test_addresses_of_triton_are_taken(target: str) -> None:
    assert Settings.model_validate({"triton_target": target}).triton_target == target


def test_spaces_between_addresses_do_not_matter() -> None:
    assert checked_target(" 10.0.0.1:8001 , 10.0.0.2:8001") == "10.0.0.1:8001,10.0.0.2:8001"


@pytest.mark.parametrize(
    "target",
    [
        *(
            "",
            "nonsense",
            "a b:80",
            "http://127.0.0.1:8001",
            "127.0.0.1",
            ":8001",
            "h:99999",
            "h:0",
            "h:-1",
            "h:\u0661",
        ),
        *("999.1.1.1:80", "1.2.3:80", "::1:8001", "[::1:8001", "dns:triton:8001", "dns:///:8001", "-a:1", "a..b:1"),
        *("10.0.0.1:8001,", "10.0.0.1:8001,triton:8001", "10.0.0.1:8001,[::1]:8001", "dns:///a:1,dns:///b:1"),
    ],
)
def test_what_is_no_address_of_triton_is_refused(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--engine", "triton", f"--triton-target={target}"]) == 2
    complaint = capsys.readouterr().err
    assert "--triton-target (QUICKSTEP_TRITON_TARGET): " in complaint and "allowed are host:port" in complaint


def test_device_is_not_said_to_the_gateway_of_triton(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--engine", "triton", "--device", "cuda"]) == 2
    assert "quickstep triton --backend onnxruntime --gpu" in capsys.readouterr().err
