"""Right answers by other routes than the references': all of them must get every point."""
