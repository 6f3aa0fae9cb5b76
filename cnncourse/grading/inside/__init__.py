"""What runs beside a student's code: reads cells, loads them, answers calls with plain values.

The sandbox gets this folder as the package `inside`, and nothing else of the course; once a process is ready for a
student, it cannot import it any more. The same files serve `check` in a learner's own notebook. They import each other,
the standard library and NumPy (`batch_probes`, `model_probes`, `module_probes` and `network_probes` PyTorch as well),
and know no reference, no expected value and no score.
"""
