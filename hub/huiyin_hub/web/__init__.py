"""Pages: server-rendered HTML with htmx, live by server-sent events."""
