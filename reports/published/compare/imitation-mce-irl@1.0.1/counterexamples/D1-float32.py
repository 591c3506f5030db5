"""D1, derivatives of log z, in float32: visits = −∂ log Z/∂c, here by a complex step. Exits 1 while imitation-mce-irl@1.0.1 contradicts it. Run: python -m ganirl_reports.isolation imitation-mce-irl@1.0.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Process, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.imitation_mce_irl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
m = Process(np.array([0.0, 1.0]), np.array([[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), 2, 0.75, np.array([[[[0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0]]], [[[0.296875], [0.296875], [0.296875]], [[0.296875], [0.296875], [0.296875]]]]))
exact = Case(np.array([0.03125]), np.array(0.0), np.array([[0.0, 0.0], [0.0, 0.0]]), *[rows([[[0.296875], [0.0]]], [0.0], [1.0], [[1, 0]], [[0, 0]], [[0, 0]], [[False, False]], [[True, True]])] * 2, "float32", "process", m)

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
def value(extra):  # log Z or V of the start, as costs c + extra have it
    c, v = m.features @ exact.theta, np.zeros(len(m.start)) - extra[-1][:, 0]
    for t in reversed(range(m.horizon)):
        v = np.log(np.exp((m.transition * (m.discount * np.append(v, 0) - c)).sum(axis=2) - extra[t]).sum(axis=1))
    return m.start @ v
each = np.full((m.horizon + 1, *m.transition.shape[:2]), 1e-30j)  # a tiny change of every cost
extra = np.zeros_like(each)  # and of this one alone
extra[:, 0, :] = each[:, 0, :]
found = arrays.numpy(target.occupancy(case))[0]
should = -value(extra).imag / 1e-30
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 1.9614334939088213e-05  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"visits[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
