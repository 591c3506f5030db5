"""The verifier's own power as documents: ``power.json``, ``power.html``, ``power.md`` and the matrix as a figure."""
