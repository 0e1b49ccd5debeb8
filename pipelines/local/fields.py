"""The fields of Argo's types that are not executed here: those without meaning on one machine, and those that are refused.

The first are told once and kept in the manifest that a run stores; the second end everything before it starts, each with the
reason given here. What is executed is declared in `spec`.
"""

from __future__ import annotations

_NEEDS_POD = "it needs a pod, and here each step is one process"
_NEEDS_CLUSTER = "it needs a cluster"
_EXPRESSIONS = "expressions ({{=…}} and their kin) are not evaluated; use tags"
_STORE = "artifacts live in the run's own bucket, under a key; other places are not read or written"
_ONLY_ONE_EXIT = "only the workflow has an exit handler here: spec.onExit"
_ALONE = "one run at a time is all there is"
_NOBODY = "nobody is there to resume it"

VALUE_FROM_REFUSED: dict[str, str] = {
    "expression": _EXPRESSIONS,
    "supplied": "it belongs to suspended steps",
    "configMapKeyRef": _NEEDS_CLUSTER,
    "jsonPath": "it belongs to Kubernetes resources",
    "jqFilter": "it belongs to Kubernetes resources",
    "event": "it belongs to events",
}

PARAMETER_IGNORED: frozenset[str] = frozenset({"description"})

ARCHIVE_REFUSED: dict[str, str] = {"zip": "outputs are packed as tar, or not at all"}

S3_REFUSED: dict[str, str] = dict.fromkeys(
    (
        "accessKeySecret",
        "addressingStyle",
        "bucket",
        "caSecret",
        "createBucketIfNotPresent",
        "encryptionOptions",
        "endpoint",
        "insecure",
        "region",
        "roleARN",
        "secretKeySecret",
        "sessionTokenSecret",
        "useSDKCreds",
    ),
    _STORE,
)

ARTIFACT_IGNORED: frozenset[str] = frozenset({"artifactGC", "deleted"})

ARTIFACT_REFUSED: dict[str, str] = {
    "fromExpression": _EXPRESSIONS,
    "recurseMode": "only the artifact itself gets a mode",
    "subPath": "name the whole artifact by its key",
    "archiveLogs": "logs are files of the run's folder",
} | dict.fromkeys(("artifactory", "azure", "gcs", "git", "hdfs", "http", "oss", "plugin"), _STORE)

ENV_SOURCE_REFUSED: dict[str, str] = dict.fromkeys(
    ("configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef"), _NEEDS_CLUSTER
)

CONTAINER_IGNORED: frozenset[str] = frozenset(
    {
        "image",
        "imagePullPolicy",
        "livenessProbe",
        "name",
        "ports",
        "readinessProbe",
        "resizePolicy",
        "resources",
        "securityContext",
        "startupProbe",
        "stdin",
        "stdinOnce",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "tty",
    }
)

CONTAINER_REFUSED: dict[str, str] = {
    "envFrom": "name each variable under env",
    "lifecycle": _NEEDS_POD,
    "restartPolicy": _NEEDS_POD,
    "restartPolicyRules": _NEEDS_POD,
    "volumeDevices": _NEEDS_POD,
    "volumeMounts": _NEEDS_POD,
    "workingDir": "each step runs in a folder of its own",
}

RETRY_STRATEGY_IGNORED: frozenset[str] = frozenset({"affinity"})

RETRY_STRATEGY_REFUSED: dict[str, str] = {"expression": _EXPRESSIONS}

CALL_REFUSED: dict[str, str] = {
    "hooks": _ONLY_ONE_EXIT,
    "onExit": _ONLY_ONE_EXIT,
    "inline": "give the template a name under spec.templates",
}

TEMPLATE_IGNORED: frozenset[str] = frozenset(
    {
        "affinity",
        "annotations",
        "archiveLocation",
        "automountServiceAccountToken",
        "executor",
        "hostAliases",
        "metadata",
        "metrics",
        "nodeSelector",
        "pendingTimeout",
        "podResources",
        "podSpecPatch",
        "priority",
        "priorityClassName",
        "resourceClaims",
        "schedulerName",
        "securityContext",
        "serviceAccountName",
        "tolerations",
    }
)

TEMPLATE_REFUSED: dict[str, str] = {
    "containerSet": _NEEDS_POD,
    "daemon": "nothing here ends a daemon; a component is deployed by a step",
    "data": "use a container",
    "http": _NEEDS_CLUSTER,
    "initContainers": _NEEDS_POD,
    "memoize": _NEEDS_CLUSTER,
    "plugin": _NEEDS_CLUSTER,
    "resource": _NEEDS_CLUSTER,
    "script": "use a container with command and args",
    "sidecars": _NEEDS_POD,
    "suspend": _NOBODY,
    "synchronization": _ALONE,
    "volumes": _NEEDS_POD,
}

WORKFLOW_SPEC_IGNORED: frozenset[str] = frozenset(
    {
        "affinity",
        "archiveLogs",
        "artifactGC",
        "artifactRepositoryRef",
        "automountServiceAccountToken",
        "dnsConfig",
        "dnsPolicy",
        "executor",
        "hostAliases",
        "hostNetwork",
        "imagePullSecrets",
        "metrics",
        "nodeSelector",
        "podDisruptionBudget",
        "podGC",
        "podMetadata",
        "podPriorityClassName",
        "podSpecPatch",
        "priority",
        "schedulerName",
        "securityContext",
        "tolerations",
        "ttlStrategy",
        "volumeClaimGC",
        "workflowMetadata",
    }
)

WORKFLOW_SPEC_REFUSED: dict[str, str] = {
    "artifactMounts": _STORE,
    "executorPlugins": _NEEDS_CLUSTER,
    "hooks": "name the exit handler under spec.onExit",
    "resourceClaims": _NEEDS_POD,
    "shutdown": "stop the run instead",
    "suspend": _NOBODY,
    "synchronization": _ALONE,
    "templateDefaults": "write the field into each template",
    "volumeClaimTemplates": _NEEDS_CLUSTER,
    "volumes": _NEEDS_POD,
}

METADATA_IGNORED: frozenset[str] = frozenset(
    {
        "creationTimestamp",
        "finalizers",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "uid",
    }
)

DOCUMENT_IGNORED: frozenset[str] = frozenset({"status"})
