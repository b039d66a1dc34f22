"""Prefect wakes, retries and shows; each flow opens a session, calls one step and reports."""
