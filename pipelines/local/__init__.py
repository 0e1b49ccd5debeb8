"""The interpreter: runs on this machine the manifest that Argo runs on a cluster."""
