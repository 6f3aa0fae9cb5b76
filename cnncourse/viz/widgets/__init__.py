"""Moving figures: each a small anywidget that computes in the browser, so that it moves in a static page too.

A widget's state (its sliders, its position) is saved with the notebook. All of them are driven by keyboard
as well as by mouse, and say in words what they show.
"""
