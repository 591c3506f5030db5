"""A report, written down: JSON (the truth), HTML, Markdown and a terminal's page."""
