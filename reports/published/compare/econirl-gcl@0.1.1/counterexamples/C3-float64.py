"""C3, no gradient leaks through the mixture or through z, in float64: ∂L_IRL/∂θ = E_p[φ] − E_μ[w φ]/E_μ[w]. Exits 1 while econirl-gcl@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-gcl@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_gcl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.03125, 1.0]]], [-0.6931471805599453], [1.0], [[0]], [[1]], [[1]], [[True]], [[True]])  # the expert's
q = rows([[[0.0, 1.0]]], [-0.6931471805599453], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the generator's
exact = Case(np.array([0.0, 0.0]), np.array(0.0), np.array([[0.0, 0.0]]), p, q, "float64", "trajectory")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
log_w = np.log((w_p + w_q) / 2) - c - np.logaddexp(-c - exact.b, log_q) + np.log(2)  # of μ e^−c/μ̃
share = np.exp(log_w - np.logaddexp.reduce(log_w))
found = arrays.numpy(target.irl_gradient(case))
should = w_p @ phi - share @ phi
found, should = (np.asarray(each)[0] for each in (found, should))
allowed = 3.897557833874492e-16  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_IRL/∂θ with the mixture held constant[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
