"""Studies: tables and figures that show one thing about the theorem, each from one command.

``ganirl report NAME --output DIR`` runs a study and writes it as Markdown, HTML, JSON and SVG.
"""
