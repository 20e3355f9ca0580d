"""Runway's side: the HTTP client, submitting a task, polling it, its content."""
