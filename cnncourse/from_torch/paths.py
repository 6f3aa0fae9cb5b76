"""All paths through a module: where its code asks for a shape, the trace is repeated with each answer."""

import dis
import inspect

import numpy as np
import torch
from torch import nn

from cnncourse.numpy_nn.graph import NumpyGraph, Part, Ref

from .aliases import Memory
from .guards import Watch, random_state, refuse_line_that_draws, set_random_state, state_kept
from .patches import patched
from .places import TORCH, NumberNeeded, Refused, describe, frames_of_error
from .proxies import Number, TensorProxy
from .recorder import Recorder

MOST = 48  # paths that are followed
MOST_STEPS = 10_000  # … and their steps together, so that a refusal takes seconds


def translate(module):
    """Return the NumpyGraph of a module, or raise Refused."""
    namespaces = []  # of code in which `int` and `float` must know sizes
    while True:
        try:
            return _translate(module, namespaces)
        except NumberNeeded as need:
            if need.namespace is None or any(need.namespace is one for one in namespaces):
                raise
            namespaces.append(need.namespace)


def _translate(module, namespaces):
    names = {id(part): name for name, part in module.named_modules()}
    tensors = [*module.parameters(), *module.buffers()]
    owned = {tensor.untyped_storage().data_ptr() for tensor in tensors if tensor.numel() and _is_plain(tensor)}
    inputs = _inputs(module)
    free = [len(inputs)]
    count, steps_noted = [0], [0]
    constants = {}

    def follow(answers, skip):
        """Return the part that begins after `skip` steps on the path of these answers."""
        count[0] += 1
        recorder = Recorder(names, owned, answers, len(inputs))
        result, error = _trace(module, recorder, inputs, namespaces)
        if not answers:
            _refuse_what_changes(recorder, result, lambda again: _trace(module, again, inputs, namespaces)[0])
        constants.update(recorder.constants)
        free[0] = max(free[0], recorder.next)
        end = Part(recorder.steps, output=result, error=error or "")
        asked = recorder.questions[len(answers) :]
        steps_noted[0] += len(recorder.steps)
        if count[0] + len(asked) > MOST or (answers and steps_noted[0] > MOST_STEPS):
            last = recorder.questions[-1][-1]
            raise Refused(f"its path depends on shapes in too many places; the last is {last}")
        for position in range(len(asked) - 1, -1, -1):
            ref, candidates, answer, steps, following, _ = asked[position]
            taken = [(one[2], one[4]) for one in recorder.questions[: len(answers) + position]]
            end = _fork(recorder, end, ref, steps, answer)
            for other in candidates:
                if other != answer:
                    end.answers[other] = follow([*taken, (other, free[0])], steps)
        end.steps = end.steps[skip:]
        return end

    root = follow([], 0)
    if all(part.error for part in _ends(root)):
        raise Refused(f"its forward raises {next(part.error for part in _ends(root))}")
    required = sum(1 for _, _, default in inputs if default is inspect.Parameter.empty)
    return NumpyGraph(
        type(module).__name__, [(name, default) for name, _, default in inputs], required, constants, root
    )


def _refuse_what_changes(first, result, trace):
    """Follow the same path once more, and refuse a module that does not do the same as before.

    It may read a generator of its own, a counter, a global name or the clock.
    """
    again = Recorder(first.names, first.owned, [(one[2], one[4]) for one in first.questions], first.start)
    repeated = trace(again)
    for before, after in zip(first.steps, again.steps, strict=False):
        if _described(before) != _described(after):
            raise Refused(f"it does not do the same at each call ({after.place})")
    same = first.constants.keys() == again.constants.keys() and all(
        np.array_equal(array, again.constants[index], equal_nan=array.dtype.kind == "f")
        for index, array in first.constants.items()
    )
    if not same or len(first.steps) != len(again.steps) or repr(result) != repr(repeated):
        raise Refused("it does not do the same at each call (in the module itself)")


def _described(step):
    return step.name, step.place, repr(step.args), repr(step.kwargs)


def _fork(recorder, end, ref, steps, answer):
    """Return the part up to a question, which `end` (whose steps begin at the path's start) follows."""
    before = Part(recorder.steps[:steps], question=ref)
    end.steps = end.steps[steps:]
    before.answers[answer] = end
    return before


def _ends(part):
    return [end for answer in part.answers.values() for end in _ends(answer)] if part.answers else [part]


def _is_plain(tensor):
    return tensor.layout == torch.strided and not isinstance(tensor, nn.parameter.UninitializedTensorMixin)


def _inputs(module):
    """Return (name, kind, default) of each input: a kind of number for annotated ones and for numeric defaults."""
    kinds = {int: "int", float: "float", "int": "int", "float": "float"}
    found = []
    for one in inspect.signature(module.forward).parameters.values():
        if one.kind == one.VAR_KEYWORD or one.kind == one.KEYWORD_ONLY:
            continue
        if one.kind == one.VAR_POSITIONAL:
            if not found:  # forward(*inputs): a single tensor
                found.append((one.name, "tensor", one.empty))
            continue
        if one.default is one.empty:
            found.append((one.name, kinds.get(one.annotation, "tensor"), one.default))
        elif type(one.default) in (int, float):
            found.append((one.name, type(one.default).__name__, one.default))
        else:
            break  # any other default stays, and so do those behind it
    return found


def _trace(module, recorder, inputs, namespaces=()):
    """Run the module with stand-ins; return (output, None), or (None, error) where its own code refuses."""
    stand_ins = []
    for k, (_, kind, _) in enumerate(inputs):
        ref = Ref(k)
        stand_ins.append(TensorProxy(recorder, Memory(ref)) if kind == "tensor" else Number(recorder, ref, kind))
    state = random_state()

    def run():
        with torch.no_grad(), patched(namespaces), state_kept(module, recorder), Watch(recorder):
            return recorder.output(_run_module(module, stand_ins))

    try:
        result = run()
    except Refused:
        if recorder.unknown:
            raise Refused(_unknown(recorder)) from None
        raise
    except Exception as error:
        if recorder.unknown:
            raise Refused(_unknown(recorder)) from error
        place = describe(frames_of_error(error), recorder.names)
        text = f"{type(error).__name__}: {error}"
        of_rank = any(len(candidates) > 2 for _, candidates, *_ in recorder.questions)
        if of_rank or (_is_own_refusal(error) and recorder.questions):
            return None, f"{text} ({place})"
        raise Refused(f"its forward raises {text} ({place})") from error
    finally:
        moved = random_state() != state
        if moved:
            set_random_state(state)
    if moved:
        refuse_line_that_draws(run, recorder)  # from the same state as before
    if recorder.unknown:
        raise Refused(_unknown(recorder))
    return result, None


def _unknown(recorder):
    return "it uses operations without a NumPy counterpart: " + "; ".join(dict.fromkeys(recorder.unknown))


def _run_module(module, inputs):
    return module(*inputs)


def _is_own_refusal(error):
    """Return whether an exception comes from a `raise` or `assert` of the module's own, or of PyTorch's layers."""
    step = error.__traceback__
    while step.tb_next is not None:
        step = step.tb_next
    code = step.tb_frame.f_code
    here = [one for one in dis.get_instructions(code) if one.offset == step.tb_lasti]
    raised = bool(here) and here[0].opname == "RAISE_VARARGS"
    wide = not code.co_filename.startswith(TORCH) or isinstance(error, (ValueError, RuntimeError, AssertionError))
    return raised and wide
