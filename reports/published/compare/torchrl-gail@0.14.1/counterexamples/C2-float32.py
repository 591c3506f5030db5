"""C2, the gan gradient is the irl gradient, in float32: ∂L_D/∂θ = E_p[φ] − E_μ[w φ]/E_μ[w] at b*. Exits 1 while torchrl-gail@0.14.1 contradicts it. Run: python -m ganirl_reports.isolation torchrl-gail@0.14.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl_gpu.framework import framework as arrays
from ganirl_properties.targets.torchrl_gail import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[2.28125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]]], [-1.3862943649291992, -1.3862943649291992, -1.3862943649291992, -1.3862943649291992], [0.25, 0.25, 0.25, 0.25], [[0], [0], [0], [0]], [[0], [0], [0], [0]], [[2], [2], [2], [2]], [[True], [True], [True], [True]], [[True], [True], [True], [True]])  # the expert's
q = rows([[[-2.3125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]], [[2.28125, 0.0, 0.0]]], [-1.3862943649291992, -1.3862943649291992, -1.3862943649291992, -1.3862943649291992], [0.25, 0.25, 0.25, 0.25], [[1], [0], [0], [0]], [[1], [0], [0], [0]], [[2], [2], [2], [2]], [[True], [True], [True], [True]], [[True], [True], [True], [True]])  # the generator's
exact = Case(np.array([3.6875, 0.0, 0.0]), np.array(-8.124427795410156), np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_q = 0  # it is no part of this discriminator
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
log_w = np.log((w_p + w_q) / 2) - c - np.logaddexp(-c - exact.b, log_q) + np.log(2)  # of μ e^−c/μ̃
share = np.exp(log_w - np.logaddexp.reduce(log_w))
found = arrays.numpy(target.discriminator_gradient(case)[0])
should = w_p @ phi - share @ phi
found, should = (np.asarray(each)[0] for each in (found, should))
allowed = 9.225130658559183e-05  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_D/∂θ at b*, against the IRL gradient[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
