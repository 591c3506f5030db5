"""How much the verifier catches, and whether it catches only that: wrong formulas × claims, and false alarms."""
