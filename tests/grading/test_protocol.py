"""Values through the pipe come out as they went in; frames that break a rule are refused."""

import json
import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnncourse.checks.student import Outcome
from cnncourse.grading.host.remote_student import outcome_from
from cnncourse.grading.inside import protocol
from cnncourse.grading.inside.protocol import ChannelClosed, OutOfTime, ProtocolError

plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text() | st.complex_numbers()
some_arrays = arrays.arrays(
    st.sampled_from(sorted(protocol.DTYPES)), arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
)
values = st.recursive(
    plain | some_arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


def through(value):
    frame = b"".join(bytes(chunk) for chunk in protocol.encode(value))
    length, _ = protocol.LENGTHS.unpack(frame[: protocol.LENGTHS.size])
    start = protocol.LENGTHS.size + length
    return protocol.decode(frame[protocol.LENGTHS.size : start], frame[start:])


def same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and repr(a) == repr(b)


@given(values)
def test_plain_values_come_out_as_they_went_in(value):
    assert same(value, through(value))


def test_layouts_that_a_pipe_cannot_carry_become_plain_ones():
    wide = np.arange(24.0).reshape(2, 3, 4)
    for array in (wide[:, ::2, ::-1], wide.T, np.asfortranarray(wide), np.broadcast_to(wide[0], (5, 3, 4))):
        assert same(np.ascontiguousarray(array), through(array))
    assert same(np.arange(3.0), through(np.arange(3.0).astype(">f8")))


@pytest.mark.parametrize(
    "value",
    [
        object(), b"bytes", {1, 2}, np.array([None]), np.array(["text"]), np.array([(1, 2.0)], "i4,f8"),
        np.datetime64("2020-01-01"), {(1, 2): 3}, type("Int", (int,), {})(3), np.zeros((1,) * 20),
    ],
)  # fmt: skip
def test_anything_else_is_not_sent(value):
    with pytest.raises(ProtocolError):
        protocol.encode(value)


def test_nothing_endless_or_huge_is_sent():
    endless = []
    endless.append(endless)
    for value in (endless, "x" * (protocol.MAX_HEADER + 1), np.zeros(protocol.MAX_REPLY + 1, np.uint8), [1] * 300_000):
        with pytest.raises(ProtocolError):
            protocol.encode(value)


def header(value=None, arrays=(), **more):
    return json.dumps({"value": value, "arrays": list(arrays), **more}).encode()


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        (b"not json", b""),
        (b"[" * 100_000, b""),
        (b"\xff\xfe", b""),
        (b"1" * 10_000, b""),
        (b"[1, 2]", b""),
        (header(extra=1), b""),
        (header({"unknown": 1}), b""),
        (header({"tuple": 3}), b""),
        (header({"dict": [[[1], 2]]}), b""),
        (header({"dict": [[{"a": 1}, 2]]}), b""),
        (header({"complex": ["x", 1]}), b""),
        (header({"array": 0}), b""),
        (header({"array": -1}, [["uint8", [1]]]), b"a"),
        (header({"array": True}, [["uint8", [1]]]), b"a"),
        (header({"array": 0}, [["object", [1]]]), b"12345678"),
        (header({"array": 0}, [["O", [1]]]), b"12345678"),
        (header({"array": 0}, [["V8", [1]]]), b"12345678"),
        (header({"array": 0}, [["float64", [-1]]]), b""),
        (header({"array": 0}, [["float64", [2]]]), b"12345678"),
        (header({"array": 0}, [["float64", [1 << 39, 1 << 39]]]), b""),
        (header({"array": 0}, [["float64", [1.5]]]), b"12345678"),
        (header({"array": 0}, [["float64", [True]]]), b"12345678"),
        (header({"array": 0}, [["float64", [1] * 40]]), b"12345678"),
        (header({"array": 0}, [["float64", "1"]]), b"12345678"),
        (header(None, [["uint8", [0]]] * (protocol.MAX_ARRAYS + 1)), b""),
        (header(None), b"bytes that belong to nothing"),
        (header([[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]), b""),
        (b'{"arrays": [], "value": [' + b"[]," * 300_000 + b"1]}", b""),
    ],
)
def test_broken_frames_are_refused(text, payload):
    with pytest.raises(ProtocolError):
        protocol.decode(text, payload)


def test_bytes_that_are_no_booleans_become_booleans():
    value = protocol.decode(header({"array": 0}, [["bool", [3]]]), b"\x00\x02\xff")
    assert value.view(np.uint8).tolist() == [0, 1, 1]


def test_half_a_surrogate_pair_cannot_reach_a_file():
    value = protocol.decode(b'{"value": ["\\ud800", {"dict": [["\\udfff", 1]]}], "arrays": []}', b"")
    assert value == ["?", {"?": 1}]


def test_a_frame_that_is_too_large_is_refused_before_it_is_read():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(protocol.LENGTHS.pack(10, 1 << 50))
        with pytest.raises(ProtocolError):
            protocol.receive(ours, seconds=1)


def test_time_is_up_even_while_bytes_drip_in():
    ours, theirs = socket.socketpair()

    def drip():
        theirs.sendall(protocol.LENGTHS.pack(1000, 0))
        for _ in range(20):
            time.sleep(0.02)
            try:
                theirs.sendall(b" ")
            except OSError:
                return

    with ours, theirs:
        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(OutOfTime):
            protocol.receive(ours, seconds=0.1)
        ours.close()
        thread.join()


def test_a_closed_channel_is_said_to_be_closed():
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(ChannelClosed):
        protocol.receive(ours, seconds=1)


NOWHERE = dict.fromkeys(("line", "source_line", "function", "cell"))
GOOD = {"value": 1, "error": None, "printed": False, "changed": [], "arguments": [], "seconds": 0.0, "used": []}


def test_a_result_becomes_an_outcome():
    error = {"kind": "raised", "text": "x" * 10_000, **NOWHERE, "line": True}
    outcome = outcome_from(GOOD | {"error": error, "printed": 1})
    assert isinstance(outcome, Outcome)
    assert (outcome.value, len(outcome.error.text), outcome.error.line, outcome.printed) == (None, 500, None, False)


@pytest.mark.parametrize(
    "result",
    [
        None, [], {"score": 100}, GOOD | {"score": 100}, GOOD | {"changed": "abc"}, GOOD | {"used": [1]},
        GOOD | {"error": "died"}, GOOD | {"error": {"kind": "right", "text": "", **NOWHERE}},
        GOOD | {"error": {"kind": "raised", "text": 3, **NOWHERE}},
        GOOD | {"error": {"kind": "raised", "text": "", **NOWHERE, "source_line": [1]}},
    ],
)  # fmt: skip
def test_a_result_of_another_form_is_not_believed(result):
    with pytest.raises(ProtocolError):
        outcome_from(result)
