"""Let ganirl verify your code from outside: copy this one file beside it, and call `serve`.

It needs Python >= 3.6 and nothing else. Your functions stay in their own process, with their own Python and their own
libraries; `ganirl verify 'exec:python adapter.py'` asks them over standard input and output. What they, or the
libraries below them, print goes to standard error.

    from ganirl_harness import serve

    def discriminator_logit(case, rows):
        cost = [sum(f * t for f, t in zip(row, case.theta)) for row in rows.features]
        return [-c - case.b - log_q for c, log_q in zip(cost, rows.log_q)]

    serve(name="my AIRL", discriminator_logit=discriminator_logit)

Print it anew with `ganirl harness`. It is under the licence of ganirl (MIT); it may be vendored.
"""

import json
import math
import os
import sys
import traceback

PROTOCOL = 1

# The arrays of a case that hold whole numbers or booleans, whatever the format under test.
WHOLE = frozenset(["state", "action", "next_state", "done", "mask"])


class Record(object):
    """A part of a case: its fields are attributes (case.theta, rows.log_q, rows.steps.state)."""

    def __init__(self, **fields):
        self.__dict__.update(fields)

    def __len__(self):
        """Return the number of rows of a side."""
        if "features" not in self.__dict__:
            raise TypeError("only rows have a length")
        return len(self.features)

    def __getattr__(self, name):
        """Return `state`, `action`, `next_state`, `done` of one-step rows, as (n,); `mdp` is the process."""
        if name == "mdp" and self.__dict__.get("process") is not None:
            return self.process
        steps = self.__dict__.get("steps")
        if name not in ("state", "action", "next_state", "done") or steps is None:
            raise AttributeError(
                "a case has no %s here; it has %s" % (name, ", ".join(sorted(self.__dict__)))
            )
        values = getattr(steps, name)
        if len(values[0]) != 1:
            raise AttributeError(
                "these rows are trajectories of up to %d steps: use rows.steps.%s, or declare "
                'conventions={"unit": "transition"}' % (len(values[0]), name)
            )
        return [row[0] for row in values] if isinstance(values, list) else values[:, 0]


def serve(name, conventions=None, departures=None, versions=None, arrays=None, dtypes=None, **observables):
    """Answer ganirl until it leaves.

    Parameters
    ----------
    name : how reports call it
    conventions : fields of `ganirl.Conventions` that differ from their defaults, {"unit": "transition", ...}
    departures : claim id -> reason, or {"reason": ..., "formula": ...}, for what differs by design
    versions : library -> version, for the report; Python's own is added
    arrays : makes an array of nested lists, numpy.asarray or torch.tensor; plain lists without it
    dtypes : format -> dtype, {"float64": numpy.float64, "float32": numpy.float32}: the formats that your code works
        in, and what `arrays` is given as ``dtype=`` in each, for numbers (not for states, actions and masks). Without
        it your code is asked in float64 alone
    observables : your functions, each by the name of what it returns; f(case) or f(case, rows). They return
        numbers, nested lists, or arrays of any library that has ``tolist()`` or ``numpy()``; a gradient of the
        discriminator is a pair (in theta, in b), with None where there is no b
    """
    answers, questions = _reserved_streams()
    declared = dict(conventions or {})
    declared.setdefault("precisions", sorted(dtypes, reverse=True) if dtypes else ["float64"])
    handshake = {
        "protocol": PROTOCOL,
        "name": name,
        "conventions": declared,
        "departures": dict(departures or {}),
        "observables": sorted(observables),
        "versions": dict({"python": "%d.%d.%d" % sys.version_info[:3]}, **(versions or {})),
    }
    cases = {}
    while True:
        line = questions.readline()
        if not line:
            return
        said = json.loads(line.decode("utf-8"))
        if "protocol" in said:
            answer = handshake
        elif "keep" in said:
            # As text: every question gets a case of its own, so that code that writes into it spoils nothing.
            cases[said["keep"]] = line
            continue
        else:
            answer = _answer(said, observables, cases, arrays, dtypes or {})
        answers.write(json.dumps(answer, allow_nan=False).encode("ascii") + b"\n")
        answers.flush()


def _answer(asked, observables, cases, arrays, dtypes):
    try:
        plain = json.loads(cases[asked["case"]].decode("utf-8"))["case"]
        case = _record(plain, arrays, dtypes.get(plain["precision_name"]))
        arguments = [case] if asked["rows"] is None else [case, getattr(case, asked["rows"])]
        value = observables[asked["observable"]](*arguments)
        if asked["observable"] == "discriminator_gradient" and isinstance(value, (tuple, list)):
            value = dict(zip(("theta", "b"), value))
        return {"id": asked["id"], "value": _plain(value)}
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # code that calls sys.exit must not end the conversation
        traceback.print_exc()
        return {"id": asked["id"], "error": "%s: %s" % (type(failure).__name__, failure)}


def _record(fields, arrays, dtype):
    """Make attributes of the fields of a case, and arrays of its lists and of b."""

    def convert(name, value):
        if isinstance(value, dict):
            return Record(**{key: convert(key, each) for key, each in value.items()})
        if name != "b" and not isinstance(value, list):
            return value
        value = _numbers(value)
        if arrays is None:
            return value
        return arrays(value) if name in WHOLE or dtype is None else arrays(value, dtype=dtype)

    return convert("case", fields)


def _numbers(value):
    """Read "NaN", "Infinity" and "-Infinity", which JSON has no numbers for."""
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return value if isinstance(value, (int, float)) or value is None else float(value)


def _plain(value):
    """Make nested lists of whatever holds numbers."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    elif hasattr(value, "numpy"):
        value = value.numpy().tolist()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _reserved_streams():
    """Take standard output and input for the protocol; libraries print to standard error, and read nothing."""
    sys.stdout.flush()
    answers, questions = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers, questions
