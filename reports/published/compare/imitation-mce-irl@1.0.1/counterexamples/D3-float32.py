"""D3, convex, with matched features, in float32: ∂/∂θ of E_p[c] + log Z, here by a complex step. Exits 1 while imitation-mce-irl@1.0.1 contradicts it. Run: python -m ganirl_reports.isolation imitation-mce-irl@1.0.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Process, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.imitation_mce_irl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
m = Process(np.array([0.0, 1.0]), np.array([[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), 1, 1.0, np.array([[[[0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0]]], [[[0.015625], [0.015625], [0.015625]], [[0.015625], [0.015625], [0.015625]]]]))
exact = Case(np.array([0.0]), np.array(0.0), np.array([[0.0, 0.0], [0.0, 0.0]]), *[rows([[[0.015625]]], [0.0], [1.0], [[1]], [[0]], [[0]], [[False]], [[True]])] * 2, "float32", "process", m)

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
expert = exact.expert
share = expert.weight / expert.weight.sum()
seen = np.einsum('n,ntd->d', share, expert.steps.features)  # E_p[Σ γ^t φ]
def objective(theta):  # E_p[c] + log Z, or V of the start
    c, v = m.features @ theta, np.zeros(len(m.start))
    for _ in range(m.horizon):
        v = np.log(np.exp((m.transition * (np.append(v, 0) - c)).sum(axis=2)).sum(axis=1))
    return (seen @ theta + m.start @ v)
found = arrays.numpy(target.demonstration_gradient(case))
should = np.array([objective(exact.theta + 1e-30j * e).imag / 1e-30 for e in np.eye(len(exact.theta))])
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 1.898825295280256e-07  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂/∂θ over demonstrations: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
