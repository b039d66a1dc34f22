"""The command `vitale`; a command imports what it needs when it runs."""
