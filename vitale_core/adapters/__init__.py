"""The outside world: mail servers, letters, calendars, files."""
