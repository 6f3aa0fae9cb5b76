"""Wrong ways to share a window's gradient among its entries: arrays (N, C, K_h, K_w) like the window."""

import numpy as np


def all_maxima(window):
    return window == window.max(axis=(2, 3), keepdims=True)


def split(window):
    tied = all_maxima(window)
    return tied / tied.sum(axis=(2, 3), keepdims=True)


def corner(window):
    share = np.zeros(window.shape)
    share[:, :, 0, 0] = 1
    return share


def everyone(window):
    return np.ones(window.shape)


def average(window):
    return np.ones(window.shape) / (window.shape[2] * window.shape[3])


def unravelled_by_height(window):
    (N, C, K_h, K_w), share = window.shape, np.zeros(window.shape)
    for n, c in np.ndindex(N, C):
        u, v = divmod(int(window[n, c].argmax()), K_h)
        if u < K_h and v < K_w:
            share[n, c, u, v] = 1
    return share


def first_of_all_channels(window):
    """The place of the largest entry of all channels, once for each channel."""
    best = window.reshape(len(window), -1).argmax(axis=1) % (window.shape[2] * window.shape[3])
    place = np.arange(window.shape[2] * window.shape[3]) == best[:, None]
    return np.broadcast_to(place.reshape(len(window), 1, *window.shape[2:]), window.shape)
