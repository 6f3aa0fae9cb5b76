"""Tools that build and check the course; learners never need them."""
