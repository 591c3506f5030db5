"""B1, loss through the mixture, in float32: L_D = E_p[−log D] + E_q[−log(1 − D)]. Exits 1 while econirl-airl@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-airl@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_airl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[20.387544631958008, -0.3081779181957245]]], [-14.0009126663208], [1.0], [[1]], [[4]], [[2]], [[True]], [[True]])  # the expert's
q = rows([[[39.939998626708984, 0.2021351158618927]]], [-27.500911712646484], [1.0], [[1]], [[2]], [[2]], [[True]], [[True]])  # the generator's
exact = Case(np.array([0.699999988079071, -0.8999999761581421]), np.array(0.800000011920929), np.array([[0.25, -6.75, -14.0, -20.5, -28.0], [-20.0, 0.5, -27.0, -6.5, -13.5]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
ell = -c - exact.b - log_q  # log D − log(1 − D)
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
found = arrays.numpy(target.discriminator_loss(case)).item()
should = (w_p @ np.logaddexp(0, -ell)) + (w_q @ np.logaddexp(0, ell))
found, should = (np.asarray(each).item() for each in (found, should))
allowed = 4.528489385801259e-05  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"discriminator_loss: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
