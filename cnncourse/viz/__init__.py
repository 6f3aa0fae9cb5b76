"""Figures, animations and widgets in one consistent style."""
