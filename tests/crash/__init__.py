"""What remains when a process dies half-way."""
