"""A report put together, in words, and written as HTML, Markdown and JSON."""
