"""Which cluster, as whom, in which namespace: what kubectl would take. The official client reads the kubeconfig.

It knows every way in which a cluster wants to be told who one is (certificates, tokens, programs that fetch one). It is not used
for anything else: `steps.kube` says why.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Any

from steps.errors import PlaceError, UsageError
from steps.kube import Kube

DEFAULT_NAMESPACE = "argo"


def connect(environment: Mapping[str, str] | None = None, *, namespace: str | None = None, context: str | None = None) -> Kube:
    """The cluster of the current kubeconfig, or of the pod we are in. Nothing is sent yet.

    The namespace is the one given, else ARGO_NAMESPACE, else that of the kubeconfig's context. Raises UsageError.
    """
    given = os.environ if environment is None else environment
    wanted = namespace or given.get("ARGO_NAMESPACE") or None
    from kubernetes import client, config

    settings = client.Configuration()
    where = given.get("KUBECONFIG") or "~/.kube/config"  # by itself the client takes what KUBECONFIG was when it was imported
    try:
        contexts, active = config.list_kube_config_contexts(where)
        config.load_kube_config(where, client_configuration=settings, context=context)
    except (config.ConfigException, OSError) as error:
        try:
            inside = Kube.in_pod()
        except PlaceError:
            why = str(error).strip().removeprefix("Invalid kube-config file. ").rstrip(".").lower()
            message = f"there is no cluster to talk to ({where}: {why}): set KUBECONFIG, or make a cluster with `make kind`"
            raise UsageError(message) from error
        return inside.into(wanted) if wanted else inside
    chosen = next((each for each in contexts if each["name"] == context), active)
    return _kube(settings, namespace=wanted or chosen["context"].get("namespace") or DEFAULT_NAMESPACE)


def with_token(kube: Kube, token: str) -> Kube:
    """The same cluster and namespace, seen by whoever has this token (and by no certificate of ours)."""
    import urllib3

    own = kube._http.connection_pool_kw  # noqa: SLF001  # our own class on the floor below
    plain = {name: value for name, value in own.items() if name in {"ca_certs", "cert_reqs", "retries"}}
    return Kube(urllib3.PoolManager(**plain), host=kube.host, namespace=kube.namespace, bearer=lambda: token)


def _kube(settings: Any, *, namespace: str) -> Kube:
    import urllib3

    options: dict[str, Any] = {
        "ca_certs": settings.ssl_ca_cert,
        "cert_reqs": ssl.CERT_REQUIRED if settings.verify_ssl else ssl.CERT_NONE,
        "cert_file": settings.cert_file,
        "key_file": settings.key_file,
        "retries": False,
    }
    if settings.tls_server_name:
        options["server_hostname"] = settings.tls_server_name
    http = urllib3.ProxyManager(settings.proxy, **options) if settings.proxy else urllib3.PoolManager(**options)

    def bearer() -> str | None:
        said = settings.get_api_key_with_prefix("authorization")  # fetched anew when it has expired
        return said.removeprefix("Bearer ") if said else None

    return Kube(http, host=settings.host, namespace=namespace, bearer=bearer)
