"""Right answers to unit 13, each written another way. (Modules are in `test_right_modules`.)"""

ANSWERS = {}
