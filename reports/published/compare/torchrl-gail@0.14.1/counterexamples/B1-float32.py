"""B1, loss through the mixture, in float32: L_D = E_p[−log D] + E_q[−log(1 − D)]. Exits 1 while torchrl-gail@0.14.1 contradicts it. Run: python -m ganirl_reports.isolation torchrl-gail@0.14.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl_gpu.framework import framework as arrays
from ganirl_properties.targets.torchrl_gail import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0]]], [-0.6931471824645996], [1.0], [[0]], [[0]], [[3]], [[True]], [[True]])  # the expert's
q = rows([[[248.0]]], [-0.6931471824645996], [1.0], [[1]], [[0]], [[1]], [[False]], [[True]])  # the generator's
exact = Case(np.array([-0.0625]), np.array(0.0), np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_q = 0  # it is no part of this discriminator
ell = -c - exact.b - log_q  # log D − log(1 − D)
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
found = arrays.numpy(target.discriminator_loss(case)).item()
should = (w_p @ np.logaddexp(0, -ell)) + (w_q @ np.logaddexp(0, ell))
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 3.6768138585722445e-05  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"discriminator_loss: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
