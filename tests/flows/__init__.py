"""Flows against a real Prefect server."""
