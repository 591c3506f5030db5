// AIRL in JavaScript, the protocol by hand: ganirl verify 'exec:node property_tests/examples/external/without_harness.mjs'
import { createInterface } from "node:readline";

const dot = (x, y) => x.reduce((sum, each, k) => sum + each * y[k], 0);
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const logits = (c, rows) => rows.features.map((phi, i) => -dot(phi, c.theta) - c.b - rows.log_q[i]);

const observables = {
  discriminator_logit: logits,
  discriminator_probability: (c, rows) => logits(c, rows).map(sigmoid),
  generator_reward: logits,
  discriminator_loss: (c) =>
    dot(c.expert.weight, logits(c, c.expert).map((x) => softplus(-x))) +
    dot(c.generator.weight, logits(c, c.generator).map(softplus)),
  discriminator_gradient: (c) => {
    const slopes = [
      ...logits(c, c.expert).map((x, i) => c.expert.weight[i] * sigmoid(-x)),
      ...logits(c, c.generator).map((x, i) => -c.generator.weight[i] * sigmoid(x)),
    ];
    const features = [...c.expert.features, ...c.generator.features];
    return {
      theta: c.theta.map((_, k) => dot(slopes, features.map((phi) => phi[k]))),
      b: slopes.reduce((x, y) => x + y, 0),
    };
  },
};

// JSON has no NaN and no infinities: their names stand for them.
const written = (_, x) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x);
const say = (answer) => process.stdout.write(JSON.stringify(answer, written) + "\n");
const cases = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line);
  if ("protocol" in said) {
    const versions = { node: process.version };
    say({ protocol: 1, name: "JavaScript", conventions: { weights: true }, observables: Object.keys(observables), versions });
  } else if ("keep" in said) {
    cases.set(said.keep, said.case);
  } else {
    const c = cases.get(said.case);
    try {
      say({ id: said.id, value: observables[said.observable](c, c[said.rows]) });
    } catch (failure) {
      say({ id: said.id, error: String(failure) });
    }
  }
}
