"""What lies in deploy/ fits the program, the schemas of what reads it, and itself. No container is started."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from benchmarks.machine import ROOT
from export.triton import RepositorySettings, write_repository
from serving.cli import _parser
from serving.metrics import Metrics
from serving.settings import ENVIRONMENT_PREFIX, Settings
from serving.triton_server import _environment
from serving.triton_wheel import NoTriton, unpacked_triton
from student.bundle import Bundle

DEPLOY = ROOT / "deploy"
KUBERNETES = "1.34"
TRITON_METRICS = {
    "nv_inference_queue_duration_us",
    "nv_inference_request_success",
    "nv_inference_request_failure",
    "nv_inference_compute_infer_duration_us",
    "nv_inference_count",
    "nv_inference_exec_count",
    "nv_inference_pending_request_count",
}
"""Those that are asked for; `tests.serving.test_triton` looks for them at a real Triton."""


def _documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def _manifests() -> list[dict[str, Any]]:
    kustomization = _documents(DEPLOY / "kubernetes" / "kustomization.yaml")[0]
    return [document for name in kustomization["resources"] for document in _documents(DEPLOY / "kubernetes" / name)]


def _of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in _manifests() if one["kind"] == kind}


def _pod(deployment: str) -> dict[str, Any]:
    spec = _of_kind("Deployment")[deployment]["spec"]["template"]["spec"]
    assert isinstance(spec, dict)
    return spec


def _container(deployment: str) -> dict[str, Any]:
    (container,) = _pod(deployment)["containers"]
    assert isinstance(container, dict)
    return container


@pytest.mark.parametrize("manifest", _manifests(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_manifest_fits_the_schema_of_kubernetes(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_schema_refuses_a_field_that_does_not_exist() -> None:
    manifest = _of_kind("Deployment")["quickstep-gateway"]
    manifest["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_kserve_predictor_is_a_pod_of_kubernetes() -> None:
    service, _ = _documents(DEPLOY / "kserve" / "inference-service.yaml")
    predictor = dict(service["spec"]["predictor"])
    own = {name: predictor.pop(name) for name in ("minReplicas", "maxReplicas", "labels", "annotations")}
    assert 0 < own["minReplicas"] <= own["maxReplicas"]
    # The network policy and the metrics' names are the same for both ways to run Triton.
    template = _of_kind("Deployment")["quickstep-triton"]["spec"]["template"]["metadata"]
    assert own["labels"] == template["labels"] and own["annotations"] == template["annotations"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "predictor"}, "spec": predictor}
    kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    (container,), triton = predictor["containers"], _container("quickstep-triton")
    for key in ("image", "args", "env", "securityContext", "volumeMounts", "startupProbe", "livenessProbe"):
        assert container[key] == triton[key], key
    assert [port["containerPort"] for port in container["ports"]] == [port["containerPort"] for port in triton["ports"]]
    assert predictor["volumes"] == _pod("quickstep-triton")["volumes"]
    assert predictor["securityContext"] == _pod("quickstep-triton")["securityContext"]


def test_service_beside_kserve_finds_its_pods_and_is_the_target_that_is_named() -> None:
    path = DEPLOY / "kserve" / "inference-service.yaml"
    service, headless = _documents(path)
    kubernetes_validate.validate(headless, KUBERNETES, strict=True)
    assert headless["spec"]["clusterIP"] == "None"
    assert headless["spec"]["selector"].items() <= service["spec"]["predictor"]["labels"].items()
    grpc, metrics = headless["spec"]["ports"]
    # Without an address of its own, a Service's port is the pods'.
    assert grpc["port"] == grpc["targetPort"] and metrics["port"] == metrics["targetPort"]
    (target,) = re.findall(r"QUICKSTEP_TRITON_TARGET is then (\S+),", path.read_text(encoding="utf-8"))
    assert target == f"dns:///{headless['metadata']['name']}:{grpc['port']}"
    assert _settings([], {"QUICKSTEP_TRITON_TARGET": target}).triton_target == target


def test_all_files_of_the_folder_are_applied_or_are_named() -> None:
    (kustomization,) = _documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")}
    assert files - set(kustomization["resources"]) == {"kustomization.yaml", "prometheus-adapter.yaml"}


def test_selectors_find_their_pods() -> None:
    pods = [one["spec"]["template"]["metadata"]["labels"] for one in _of_kind("Deployment").values()]
    selectors = [one["spec"]["selector"] for one in _of_kind("Service").values()]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in _of_kind("PodDisruptionBudget").values()]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in _of_kind("Deployment").values()]
    for policy in _of_kind("NetworkPolicy").values():
        selectors.append(policy["spec"]["podSelector"]["matchLabels"])
        peers = [peer for rule in policy["spec"]["ingress"] for peer in rule["from"]]
        selectors += [peer["podSelector"]["matchLabels"] for peer in peers if "podSelector" in peer]
    for selector in selectors:
        assert sum(selector.items() <= labels.items() for labels in pods) == 1, selector


def test_autoscalers_scale_deployments_by_metrics_that_are_derived() -> None:
    deployments = _of_kind("Deployment")
    (adapter,) = _documents(DEPLOY / "kubernetes" / "prometheus-adapter.yaml")
    derived = {rule["name"]["as"] for rule in adapter["rules"]["custom"]}
    for scaler in _of_kind("HorizontalPodAutoscaler").values():
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments
        for metric in scaler["spec"]["metrics"]:
            assert metric["type"] == "Resource" or metric["pods"]["metric"]["name"] in derived
    for rule in adapter["rules"]["custom"]:
        assert set(re.findall(r"nv_\w+", rule["metricsQuery"])) <= TRITON_METRICS


def test_only_the_gateway_and_prometheus_reach_triton() -> None:
    (policy,) = _of_kind("NetworkPolicy").values()
    ports = {container["name"]: container["containerPort"] for container in _container("quickstep-triton")["ports"]}
    allowed = [
        (next(iter(peer.values()))["matchLabels"], port["port"])
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        for port in rule["ports"]
    ]
    gateway = _of_kind("Deployment")["quickstep-gateway"]["spec"]["template"]["metadata"]["labels"]
    assert allowed == [
        (gateway, ports["grpc"]),
        ({"kubernetes.io/metadata.name": "monitoring"}, ports["metrics"]),
    ]
    assert policy["spec"]["egress"] == []


def test_pods_run_without_rights() -> None:
    for deployment in _of_kind("Deployment").values():
        spec = deployment["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert "memory" in container["resources"]["limits"]


def _settings(arguments: list[str], environment: Mapping[str, str]) -> Settings:
    given = {name: text for name, text in vars(_parser().parse_args(arguments)).items() if text is not None}
    variables = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): text
        for name, text in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    }
    assert variables.keys() <= Settings.model_fields.keys()
    return Settings(**{**variables, **given})


def test_kubernetes_own_variables_are_not_taken_for_settings() -> None:
    # With service links a pod gets <SERVICE>_PORT and more for every service, and ours is called quickstep.
    clashing = {
        f"{name.upper().replace('-', '_')}_PORT"
        for name, service in _of_kind("Service").items()
        if service["spec"].get("clusterIP") != "None"
    }
    assert clashing & {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}
    for deployment in _of_kind("Deployment"):
        assert _pod(deployment)["enableServiceLinks"] is False


def test_gateways_arguments_are_ours() -> None:
    container = _container("quickstep-gateway")
    settings = _settings(container["args"], {entry["name"]: entry["value"] for entry in container["env"]})
    assert settings.engine == "triton"
    (port,) = [
        entry["port"] for entry in _of_kind("Service")["quickstep-triton"]["spec"]["ports"] if entry["name"] == "grpc"
    ]
    assert settings.triton_target == f"dns:///quickstep-triton:{port}"
    assert settings.port == container["ports"][0]["containerPort"]
    spec = _of_kind("Deployment")["quickstep-gateway"]["spec"]["template"]["spec"]
    longest_s = (settings.drain_delay_ms + settings.explain_deadline_ms) / 1e3
    assert spec["terminationGracePeriodSeconds"] > longest_s


def test_compose_mounts_what_is_there_and_starts_what_is_ours() -> None:
    (compose,) = _documents(DEPLOY / "compose.yaml")
    for service in compose["services"].values():
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        for volume in service.get("volumes", ()):
            source = DEPLOY / volume.split(":")[0]
            # The model repository is the user's, and written by the command that stands at the top.
            assert source.exists() or source.name == "models"
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
    settings = _settings([], compose["services"]["gateway"]["environment"])
    assert settings.engine == "triton" and settings.triton_target == "dns:///triton:8001"
    asked = compose["services"]["gateway"]["healthcheck"]["test"][-1]
    assert f"http://127.0.0.1:{settings.port}/readyz" in asked
    compile(asked, "healthcheck", "exec")
    for path in compose["services"]["triton"]["volumes"]:
        assert path.endswith(":/models:ro")


def test_gateway_finds_its_bundle_in_the_repository(tiny_bundle: Bundle, tmp_path: Path) -> None:
    write_repository(tiny_bundle, tmp_path / "models", RepositorySettings("fp32"))
    (compose,) = _documents(DEPLOY / "compose.yaml")
    named = [
        compose["services"]["gateway"]["environment"]["QUICKSTEP_BUNDLE"],
        _settings(_container("quickstep-gateway")["args"], {}).bundle,
    ]
    for path in named:
        assert Bundle.open(tmp_path / "models" / Path(path).relative_to("/models")).digest == tiny_bundle.digest


def test_scraped_addresses_are_services_of_compose() -> None:
    (compose,) = _documents(DEPLOY / "compose.yaml")
    (prometheus,) = _documents(DEPLOY / "prometheus" / "prometheus.yml")
    for job in prometheus["scrape_configs"]:
        for target in job["static_configs"][0]["targets"]:
            assert target.split(":")[0] in compose["services"]


def _series(name: str, kind: str) -> tuple[str, ...]:
    """Names under which Prometheus keeps a metric; a counter's own ends in _total already."""
    return tuple(f"{name}_{end}" for end in ("bucket", "sum", "count")) if kind == "histogram" else (name,)


def _expressions(panel: Mapping[str, Any]) -> Iterator[str]:
    for target in panel.get("targets", ()):
        yield target["expr"]


def test_dashboard_asks_for_metrics_that_exist() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "quickstep.json").read_text(encoding="utf-8"))
    ours = re.findall(r"^# TYPE (\w+) (\w+)", Metrics().render().decode(), flags=re.MULTILINE)
    known = {series for name, kind in ours for series in _series(name, kind)} | TRITON_METRICS
    asked = [
        name
        for panel in dashboard["panels"]
        for text in _expressions(panel)
        for name in re.findall(r"(?:quickstep|nv|process)_\w+", text)
    ]
    assert asked and set(asked) <= known
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@pytest.mark.parametrize("name", ["gateway.Dockerfile", "triton.Dockerfile"])
def test_images_copy_what_is_there(name: str) -> None:
    for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY "):
            for source in shlex.split(line)[1:-1]:
                assert (ROOT / source).exists(), source


def test_tritons_arguments_are_known_to_triton() -> None:
    try:
        server = unpacked_triton()
    except NoTriton as error:
        pytest.skip(str(error))
    known = subprocess.run(
        [str(server / "bin" / "tritonserver"), "--help"],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(server),
    )
    dockerfile = dict(
        re.findall(r"^(ENTRYPOINT|CMD) (\[.*\])", (DEPLOY / "triton.Dockerfile").read_text(), re.MULTILINE)
    )
    # A repository that stands in the entry point and in a manifest's arguments would be loaded twice.
    assert json.loads(dockerfile["ENTRYPOINT"]) == ["tritonserver"]
    service, _ = _documents(DEPLOY / "kserve" / "inference-service.yaml")
    given = [*json.loads(dockerfile["CMD"]), *_container("quickstep-triton")["args"]]
    given += service["spec"]["predictor"]["containers"][0]["args"]
    for argument in given:
        assert argument.split("=")[0] in known.stdout + known.stderr, argument
