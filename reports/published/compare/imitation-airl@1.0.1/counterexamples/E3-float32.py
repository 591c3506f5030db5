"""E3, policy gradient, in float32: ∂L_G/∂π = E_q[s·(−ℓ)], s = ∂ log q/∂ policy logits. Exits 1 while imitation-airl@1.0.1 contradicts it. Run: python -m ganirl_reports.isolation imitation-airl@1.0.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl_gpu.framework import framework as arrays
from ganirl_properties.targets.imitation_airl import target
def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0]], [[0.0]], [[0.0]], [[0.0]]], [-1.3862943649291992, -1.3862943649291992, -1.3862943649291992, -1.3862943649291992], [0.25, 0.25, 0.25, 0.25], [[0], [0], [0], [0]], [[0], [0], [0], [0]], [[1], [1], [1], [1]], [[True], [True], [True], [True]], [[True], [True], [True], [True]])  # the expert's
q = rows([[[0.0]], [[0.0]], [[0.0]], [[0.0]]], [-1.3862943649291992, -0.28768208622932434, -0.28768208622932434, -0.28768208622932434], [0.25, 0.25, 0.25, 0.25], [[0], [0], [0], [0]], [[0], [1], [1], [1]], [[1], [1], [1], [1]], [[True], [True], [True], [True]], [[True], [True], [True], [True]])  # the generator's
exact = Case(np.array([0.0]), np.array(0.0), np.array([[-1.3862943649291992, -0.28768208622932434]]), p, q, "float32", "transition")
case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
ell = -c - exact.b - log_q  # log D − log(1 − D)
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
score = np.zeros((len(q), *log_pi.shape))  # ∂ log q/∂ policy logits
for n, t in zip(*np.nonzero(q.steps.mask)):
    s, a = q.steps.state[n, t], q.steps.action[n, t]
    score[n, s] += (np.arange(log_pi.shape[1]) == a) - np.exp(log_pi[s])
found = -np.tensordot(w_q[len(p):] * (arrays.numpy(target.generator_reward(case, case.generator)).ravel()), score, axes=1)
should = -np.tensordot(w_q[len(p):] * ell[len(p):], score, axes=1)
found, should = (np.asarray(each)[0, 0] for each in (found, should))
allowed = 4.520643578979892e-06  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"E_q[s·(−reward)][0, 0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
