"""The trusted side: finds what was handed in, holds tasks and hidden inputs, starts sandboxes, decides points."""
