"""N2, the gradient does not saturate, in float32: ∂L_D/∂θ = E_p[(1 − D) φ] − E_q[D φ]. Exits 1 while torchrl-gail@0.14.1 contradicts it. Run: python -m ganirl_reports.isolation torchrl-gail@0.14.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl_gpu.framework import framework as arrays
from ganirl_properties.targets.torchrl_gail import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[99.19999694824219]]], [-0.2873353064060211], [1.0], [[0]], [[0]], [[2]], [[True]], [[True]])  # the expert's
q = rows([[[99.19999694824219]]], [-1.3873353004455566], [1.0], [[1]], [[1]], [[2]], [[True]], [[True]])  # the generator's
exact = Case(np.array([1.0]), np.array(0.800000011920929), np.array([[0.30000001192092896, -0.800000011920929], [1.2000000476837158, 0.10000000149011612]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_q = 0  # it is no part of this discriminator
ell = -c - exact.b - log_q  # log D − log(1 − D)
D, E = 1 / (1 + np.exp(-ell)), 1 / (1 + np.exp(ell))  # E is 1 − D
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
found = arrays.numpy(target.discriminator_gradient(case)[0])
should = (w_p * E) @ phi - (w_q * D) @ phi
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 0.0003674257772526552  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_D/∂θ where D has rounded to 0 or 1: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
