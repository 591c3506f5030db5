"""Processes that break the protocol, each in its own way; the first argument says how."""

from __future__ import annotations

import json
import os
import sys
import time

HOW = sys.argv[1]
HANDSHAKE = {"protocol": 1, "name": HOW, "observables": ["discriminator_logit", "generator_reward"]}
CHANGED = {
    "protocol-2": {"protocol": 2},
    "observable": {"observables": ["discriminator_logits"]},
    "no-observable": {"observables": []},
    "convention": {"conventions": {"units": "transition"}},
    "convention-value": {"conventions": {"unit": "step"}},
    "precision": {"conventions": {"precisions": ["float16"]}},
    "no-name": {"name": None},
    "key": {"framework": "numpy"},
    "convention-text": {"conventions": {"loss_factor": "half"}},
    "convention-word": {"conventions": {"weights": "no"}},
    "process-text": {"conventions": {"unit": "process", "process": {"sweeps": "few"}}},
    "process-word": {"conventions": {"unit": "process", "process": {"discounts": "no"}}},
    "departures": {"departures": {"E1": 3}},
}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    cases = {}
    if HOW == "silent":
        time.sleep(600)
    while HOW in ("blank-lines", "chatters-on"):
        say("" if HOW == "blank-lines" else "loading")
        time.sleep(0.1)
    if HOW == "dies-at-once":
        print("cannot find libtensorflow", file=sys.stderr)
        sys.exit(3)
    if HOW == "banner":
        say("Welcome to an old interpreter\n\n{}")
    if HOW == "chatter":
        for line in range(5000):
            say(f"line {line}")
    for line in sys.stdin:
        said = json.loads(line)
        if "protocol" in said:
            say(json.dumps({**HANDSHAKE, **CHANGED.get(HOW, {})}))
        elif "keep" in said:
            cases[said["keep"]] = said["case"]
        else:
            asked, case = said["id"], cases[said["case"]]
            rows = case[said["rows"]]
            answer(asked, said["observable"], len(rows["features"]))


def answer(asked: int, observable: str, rows: int) -> None:
    value: object = [0.0] * rows
    if observable == "generator_reward" and HOW == "one-dies":
        value = None
    if HOW == "one-dies" and value is None:
        os._exit(7)
    if HOW == "rubbish":
        say("epoch 1 loss 0.3")
    if HOW == "hangs":
        time.sleep(600)
    while HOW == "only-blank-lines":
        say("")
        time.sleep(0.1)
    if HOW == "aborts":
        print("Segmentation fault, or so", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    values = {
        "nan": ["NaN", *value[1:]] if value else value,
        "bare-nan": [float("nan"), *value[1:]] if value else value,
        "null": [None] * rows,
        "word": ["high"] * rows,
        "ragged": [[0.0], [0.0, 1.0]],
        "huge": [10**400] * rows,
        "object": {"theta": 1.0},
        "deep": None,
    }
    if HOW == "deep":
        say(f'{{"id": {asked}, "value": {"[" * 100_000 + "]" * 100_000}}}')
        return
    if HOW == "neither":
        say(json.dumps({"id": asked}))
        return
    say(json.dumps({"id": asked + (HOW == "wrong-id"), "value": values.get(HOW, value)}))


main()
