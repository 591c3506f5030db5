"""A4, discriminator as a sigmoid, in float64: log q = Σ log π(a|s). Exits 1 while econirl-gcl@0.1.1 contradicts it. Run: python -m ganirl_reports.isolation econirl-gcl@0.1.1 THIS_FILE"""

import sys
import numpy as np
from ganirl import Case, Rows, Steps  # containers, in which an adapter is handed a case
from ganirl.framework import NUMPY as arrays
from ganirl_properties.targets.econirl_gcl import target

def rows(phi, log_q, weight, *steps):  # φ of each step (n, T, d); state, action, next state, done, mask
    return Rows(np.array(phi).sum(1), np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))
p = rows([[[0.0, 1.0]]], [-0.6931471805599453], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the expert's
q = rows([[[0.0, 1.0]]], [-0.6931471805599453], [1.0], [[0]], [[0]], [[1]], [[True]], [[True]])  # the generator's
exact = Case(np.array([0.0, 0.0]), np.array(0.0), np.array([[0.0, 0.0]]), p, q, "float64", "trajectory")

case = arrays.case(exact, "cpu")  # the same numbers in its own arrays
log_pi = exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)
log_q = np.concatenate([(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])
found = np.concatenate([arrays.numpy(target.log_q(case, side)).ravel() for side in (case.expert, case.generator)])
should = log_q
found, should = (np.asarray(each)[0] for each in (found, should))
allowed = 6.802454673646416e-15  # how far sound code may be off, derived for this case by ganirl 0.1.0
print(f"log_q[0]: should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}")
sys.exit(int(not abs(found - should) <= allowed))
