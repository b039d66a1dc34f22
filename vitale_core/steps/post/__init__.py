"""The post: every owed mail leaves once, what comes back is heard, and a person settles what is in doubt."""
