"""H12, which entropy a backup belongs to, in float64: π = e^(Q − V), V = log Σ_a E[exp(−c + V′)]. Exits 1 while irl-maxent@0.1.0 contradicts it. Run: python -m ganirl_reports.isolation irl-maxent@0.1.0 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Process, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.maxent_irl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
m = Process(np.array([1.0, 0.0]), np.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]]), 2, 1.0, np.array([[[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]], [[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]]]))
exact = Case(np.array([1.0, 0.0]), np.array(0.0), np.array([[0.0, 0.0], [0.0, 0.0]]), *[rows([[[1.0, 0.0], [1.0, 0.0]]], [0.0], [1.0], [[0, 1]], [[0, 0]], [[1, 2]], [[False, True]], [[True, True]])] * 2, "float64", "process", m)

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
c, V, Q = m.features @ exact.theta, [np.full(len(m.start), -np.inf)], []
for _ in range(6):  # backward in time
    Q.insert(0, np.log((m.transition * np.exp(np.append(V[0], 0) - c)).sum(axis=2)))
    V.insert(0, np.log(np.exp(Q[0]).sum(axis=1)))
found = arrays.numpy(target.policy(case))[None]
should = np.exp(np.array(Q) - np.array(V[: len(Q)])[..., None])
found, should = (np.asarray(each)[0, 1, 1] for each in (found, should))
allowed = 1.1929180214187905e-13  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"π(a|s)[0, 1, 1]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
