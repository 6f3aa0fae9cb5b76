"""The signals of PyWavelets' wheel and the graph of networkx: their contents, and what is said of a failure."""

import networkx
import numpy as np
import pytest
import pywt.data

from cnncourse.data import SIGNALS, CorruptDataError, MissingDataError, karate_club, signal, signals


def test_signals_are_those_of_pywavelets():
    heart, sea = signal("heartbeat"), signal("sea")
    assert (heart.dtype, sea.dtype) == (np.float64, np.float64)
    np.testing.assert_array_equal(heart, pywt.data.ecg())
    # PyWavelets gives the mean of three months, standardised
    _, quarters = pywt.data.nino()
    means = sea[:792].reshape(-1, 3).mean(axis=1)
    np.testing.assert_allclose((means - means.mean()) / means.std(ddof=1), quarters)
    assert 20 < sea.min() < sea.max() < 32  # °C at the equator


def test_failures_are_named(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="name: expected one of heartbeat, sea; got 'ecg'"):
        signal("ecg")
    monkeypatch.setattr(signals, "signal_path", lambda name: tmp_path / SIGNALS[name])
    with pytest.raises(MissingDataError, match="is missing"):
        signal("sea")
    for broken in (b"", b"PK broken"):
        (tmp_path / SIGNALS["sea"]).write_bytes(broken)
        with pytest.raises(CorruptDataError, match="does not hold a signal"):
            signal("sea")
    monkeypatch.undo()
    monkeypatch.setattr(signals, "find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match="PyWavelets is not installed"):
        signal("heartbeat")


def test_the_karate_club():
    club, graph = karate_club(), networkx.karate_club_graph()
    assert club.adjacency.shape == (34, 34)
    np.testing.assert_array_equal(club.adjacency, club.adjacency.T)
    assert set(np.unique(club.adjacency)) == {0, 1}
    assert np.trace(club.adjacency) == 0
    assert {tuple(edge) for edge in np.argwhere(np.triu(club.adjacency))} == set(graph.edges)
    assert [club.classes[label] for label in club.labels] == [graph.nodes[i]["club"] for i in range(34)]
    assert (club.labels[0], club.labels[33]) == (0, 1)
    club.adjacency[:] = 0  # another call is not touched by that
    assert karate_club().adjacency.sum() == 156
