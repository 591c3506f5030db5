"""B2, slope in log z, in float32: ∂L_D/∂b = E_p[1 − D] − E_q[D]. Exits 1 while torchrl-gail@0.14.1 contradicts it. Run: python -m ganirl_reports.isolation torchrl-gail@0.14.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl_gpu.framework import framework as arrays
from ganirl_properties.targets.torchrl_gail import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0, 0.0, -272.0]]], [-0.6931471824645996], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the expert's
q = rows([[[0.0, 0.0, -272.0]]], [-0.6931471824645996], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the generator's
exact = Case(np.array([0.0, 0.0, 0.0625]), np.array(0.0), np.array([[0.0, 0.0]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_q = 0  # it is no part of this discriminator
ell = -c - exact.b - log_q  # log D − log(1 − D)
D, E = 1 / (1 + np.exp(-ell)), 1 / (1 + np.exp(ell))  # E is 1 − D
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
found = arrays.numpy(target.discriminator_gradient(case)[1]).item()
should = (w_p @ E) - (w_q @ D)
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 3.227052957074261e-06  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_D/∂b: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
