"""E1, the generator minimises cost minus entropy, in float32: reward = log D − log(1 − D) = −c − b − log q. Exits 1 while econirl-airl-log-odds@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-airl-log-odds@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_airl import log_odds as target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0]]], [-0.6931471824645996], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the expert's
q = rows([[[0.0]]], [-0.6931471824645996], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the generator's
exact = Case(np.array([0.0]), np.array(0.0), np.array([[0.0, 0.0]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
ell = -c - exact.b - log_q  # log D − log(1 − D)
found = arrays.numpy(target.generator_reward(case, case.generator)).ravel() - 1.0 * log_q[len(p):]
should = ell[len(p):]
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 6.914950648780843e-06  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"generator_reward: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
