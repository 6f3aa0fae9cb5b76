"""How much do features know? Two classifiers that need no training loop, in NumPy: ridge regression and neighbours."""

import numpy as np

__all__ = ["few_per_class", "linear_probe", "nearest_neighbours"]


def linear_probe(features, labels, num_classes, l2):
    """Return the linear classifier (W, b) that minimises Σ ‖W f + b − one-hot‖² + l2 ‖W‖²; b is free.

    Parameters
    ----------
    features : ndarray (N, D), N ≥ 1
    labels : ndarray (N,) of int, 0 to num_classes − 1
        A class without pictures still has its row.
    num_classes : int
    l2 : float
        Above 0.

    Returns
    -------
    W : ndarray (num_classes, D)
    b : ndarray (num_classes,)
        float64; the class is the argmax of `features @ W.T + b`.

    References
    ----------
    Hoerl & Kennard, "Ridge regression" (1970); as a probe: Alain & Bengio, "Understanding intermediate layers using
    linear classifier probes" (2016).
    """
    F, labels = _check_features(features, labels)
    if l2 <= 0 or labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"labels, l2: expected 0 to {num_classes - 1} and above 0, got {labels.min()} to {labels.max()} and {l2}"
        )
    Y = np.eye(num_classes)[labels]
    mean, share = F.mean(axis=0), Y.mean(axis=0)
    F, Y = F - mean, Y - share  # what a free b leaves to W
    N, D = F.shape
    if N < D:  # (FᵀF + l2 I)⁻¹ Fᵀ = Fᵀ (FFᵀ + l2 I)⁻¹: solve the smaller system
        W = (F.T @ np.linalg.solve(F @ F.T + l2 * np.eye(N), Y)).T
    else:
        W = np.linalg.solve(F.T @ F + l2 * np.eye(D), F.T @ Y).T
    return W, share - W @ mean


def nearest_neighbours(train_features, train_labels, features, k):
    """Return the class that most of the k nearest training features have, by cosine: (M,) of int.

    Parameters
    ----------
    train_features : ndarray (N, D)
    train_labels : ndarray (N,) of int
        Any integers.
    features : ndarray (M, D)
        No row is zero, here or there.
    k : int
        1 to N. Of equal cosines (to 12 decimals) the lower index is nearer; of classes with equal votes the one with
        the nearest member wins.
    """
    train, labels = _check_features(train_features, train_labels)
    F, _ = _check_features(features, None)
    if F.shape[1] != train.shape[1]:
        raise ValueError(f"features: expected (M, {train.shape[1]}) like train_features, got {F.shape}")
    if not 1 <= k <= len(train):
        raise ValueError(f"k: expected 1 to {len(train)}, got {k}")
    cosines = _unit(F, "features") @ _unit(train, "train_features").T
    nearest = np.argsort(-np.round(cosines, 12), axis=1, kind="stable")[:, :k]
    return np.array([_majority(row) for row in labels[nearest]], dtype=labels.dtype).reshape(len(F))


def few_per_class(labels, per_class, rng):
    """Return the indices of `per_class` random members of each class that occurs, ascending: (classes · per_class,).

    Parameters
    ----------
    labels : ndarray (N,) of int
    per_class : int
        At least 1; drawn without replacement, each class independently of the others.
    rng : numpy.random.Generator
    """
    labels = np.asarray(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if labels.ndim != 1 or not len(labels) or not 1 <= per_class <= counts.min():
        most = counts.min() if len(labels) else 0
        raise ValueError(f"per_class: expected 1 to {most}, as many as the rarest class has, got {per_class}")
    chosen = [rng.choice(np.flatnonzero(labels == c), per_class, replace=False) for c in classes]
    return np.sort(np.concatenate(chosen))


def _majority(classes):
    """Return the most frequent class; `classes` go from near to far, and the first of equals wins."""
    found, first, votes = np.unique(classes, return_index=True, return_counts=True)
    return found[np.lexsort((first, -votes))[0]]


def _unit(features, name):
    length = np.linalg.norm(features, axis=1, keepdims=True)
    if not length.all():
        raise ValueError(f"{name}: expected no zero vector, which has no direction, got one")
    return features / length


def _check_features(features, labels):
    """Return features as float64 (N, D) and labels as integers (N,), or refuse them."""
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or (labels is not None and not len(features)):
        raise ValueError(f"features: expected (N, D), N at least 1, got {features.shape}")
    if labels is None:
        return features, None
    labels = np.asarray(labels)
    if labels.shape != features.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected {len(features)} integers, got {labels.dtype} {labels.shape}")
    return features, labels
