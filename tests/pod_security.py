"""The Pod Security Standards as far as pods of ours could break them: what stands against a level, in words.

https://kubernetes.io/docs/concepts/security/pod-security-standards; the API server's own judgement is asked in tests/cluster.
"""

from __future__ import annotations

BASELINE_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def against_baseline(spec: dict) -> list[str]:
    """What "baseline" refuses in a pod's spec."""
    found = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    found += ["hostPath" for volume in spec.get("volumes", ()) if "hostPath" in volume]
    for container, security in _containers(spec):
        found += ["privileged"] if security.get("privileged") else []
        found += [
            f"capability {each}" for each in security.get("capabilities", {}).get("add", ()) if each not in BASELINE_CAPABILITIES
        ]
        found += ["hostPort" for port in container.get("ports", ()) if port.get("hostPort")]
        found += ["unconfined"] if "Unconfined" in _types(security, spec.get("securityContext", {})) else []
    return found


def against_restricted(spec: dict) -> list[str]:
    """What "restricted" refuses."""
    pod, found = spec.get("securityContext", {}), against_baseline(spec)
    found += [f"volume {kind}" for volume in spec.get("volumes", ()) for kind in volume.keys() - {"name"} - VOLUMES]
    for _, security in _containers(spec):
        found += [] if security.get("allowPrivilegeEscalation") is False else ["escalation"]
        found += [] if security.get("runAsNonRoot", pod.get("runAsNonRoot")) else ["may be root"]
        found += ["is root"] if security.get("runAsUser", pod.get("runAsUser")) == 0 else []
        found += [] if "ALL" in security.get("capabilities", {}).get("drop", ()) else ["capabilities kept"]
        found += [f"capability {each}" for each in security.get("capabilities", {}).get("add", ()) if each != "NET_BIND_SERVICE"]
        found += [] if security.get("seccompProfile", pod.get("seccompProfile")) else ["no seccomp profile"]
    return found


def _containers(spec: dict) -> list[tuple[dict, dict]]:
    every = [*spec.get("initContainers", ()), *spec["containers"]]
    return [(each, each.get("securityContext", {})) for each in every]


def _types(*contexts: dict) -> set[str]:
    return {each.get(name, {}).get("type", "") for each in contexts for name in ("seccompProfile", "appArmorProfile")}
