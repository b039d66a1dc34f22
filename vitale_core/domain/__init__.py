"""The rules of the bureau: plain Python, no clock, no database, no outside library."""
