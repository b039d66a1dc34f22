"""Tests mirror the code: same folders, same stems."""
