// Filled by later steps: citations and practice.
