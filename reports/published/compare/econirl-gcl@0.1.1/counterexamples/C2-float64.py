"""C2, the gan gradient is the irl gradient, in float64: ∂L_IRL/∂θ = E_p[(1 − D) φ] − E_q[D φ] at b*. Exits 1 while econirl-gcl@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-gcl@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_gcl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0, 1.0], [0.0, 0.0]]], [-0.6931471805599453], [1.0], [[0, 0]], [[0, 0]], [[1, 0]], [[True, False]], [[True, False]])  # the expert's
q = rows([[[0.03125, 1.0], [0.0, 0.0]]], [-0.6931471805599453], [1.0], [[0, 0]], [[1, 0]], [[1, 0]], [[True, False]], [[True, False]])  # the generator's
exact = Case(np.array([0.0, 0.6931471805599453]), np.array(0.0), np.array([[0.0, 0.0]]), p, q, "float64", "trajectory")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
ell = -c - exact.b - log_q  # log D − log(1 − D)
D, E = 1 / (1 + np.exp(-ell)), 1 / (1 + np.exp(ell))  # E is 1 − D
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
found = arrays.numpy(target.irl_gradient(case))
should = (w_p * E) @ phi - (w_q * D) @ phi
found, should = (np.asarray(each)[0] for each in (found, should))
allowed = 8.53126527579072e-09  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_IRL/∂θ at b*, against the GAN gradient[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
