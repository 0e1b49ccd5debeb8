"""Runs on a cluster: what the lab needs beside Argo there, and the runs themselves."""
