"""The outside world: real servers where they are the point."""
