"""C2, the gan gradient is the irl gradient, in float32: ∂L_D/∂θ = E_p[φ] − E_μ[w φ]/E_μ[w] at b*. Exits 1 while econirl-airl-log-odds@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-airl-log-odds@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_airl import log_odds as target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.25319957733154297, -0.9040721654891968]], [[10.860273361206055, 0.9832684397697449]], [[17.999364852905273, -0.9971721768379211]], [[32.16059494018555, 0.94486004114151]], [[39.28523254394531, -0.8298057913780212]], [[28.838787078857422, 0.6596494317054749]], [[0.5135417580604553, -0.44569000601768494]], [[39.939998626708984, 0.2021351158618927]], [[8.659379959106445, 0.0548422634601593]], [[20.387544631958008, -0.3081779181957245]]], [-0.0009121144539676607, -7.000912189483643, -14.250911712646484, -20.750911712646484, -28.250911712646484, -20.500911712646484, -0.0009122984483838081, -27.500911712646484, -7.000912189483643, -14.0009126663208], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [[0], [0], [0], [0], [0], [1], [1], [1], [1], [1]], [[0], [1], [2], [3], [4], [0], [1], [2], [3], [4]], [[2], [2], [2], [2], [2], [2], [2], [2], [2], [2]], [[True], [True], [True], [True], [True], [True], [True], [True], [True], [True]], [[True], [True], [True], [True], [True], [True], [True], [True], [True], [True]])  # the expert's
q = rows([[[0.25319957733154297, -0.9040721654891968]], [[10.860273361206055, 0.9832684397697449]], [[17.999364852905273, -0.9971721768379211]], [[32.16059494018555, 0.94486004114151]], [[39.28523254394531, -0.8298057913780212]], [[28.838787078857422, 0.6596494317054749]], [[0.5135417580604553, -0.44569000601768494]], [[39.939998626708984, 0.2021351158618927]], [[8.659379959106445, 0.0548422634601593]], [[20.387544631958008, -0.3081779181957245]]], [-0.0009121144539676607, -7.000912189483643, -14.250911712646484, -20.750911712646484, -28.250911712646484, -20.500911712646484, -0.0009122984483838081, -27.500911712646484, -7.000912189483643, -14.0009126663208], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [[0], [0], [0], [0], [0], [1], [1], [1], [1], [1]], [[0], [1], [2], [3], [4], [0], [1], [2], [3], [4]], [[2], [2], [2], [2], [2], [2], [2], [2], [2], [2]], [[True], [True], [True], [True], [True], [True], [True], [True], [True], [True]], [[True], [True], [True], [True], [True], [True], [True], [True], [True], [True]])  # the generator's
exact = Case(np.array([0.699999988079071, -0.8999999761581421]), np.array(-0.05995268374681473), np.array([[0.25, -6.75, -14.0, -20.5, -28.0], [-20.0, 0.5, -27.0, -6.5, -13.5]]), p, q, "float32", "transition")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
phi = np.concatenate([p.features, q.features])
c = phi @ exact.theta
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
w_p, w_q = np.append(p.weight, 0 * q.weight), np.append(0 * p.weight, q.weight)
log_w = np.log((w_p + w_q) / 2) - c - np.logaddexp(-c - exact.b, log_q) + np.log(2)  # of μ e^−c/μ̃
share = np.exp(log_w - np.logaddexp.reduce(log_w))
found = arrays.numpy(target.discriminator_gradient(case)[0])
should = w_p @ phi - share @ phi
found, should = (np.asarray(each)[0] for each in (found, should))
allowed = 0.00194312182005113  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"∂L_D/∂θ at b*, against the IRL gradient[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
