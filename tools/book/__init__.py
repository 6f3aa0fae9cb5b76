"""Build the course as a website that asks no other site for anything."""
