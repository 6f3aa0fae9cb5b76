"""What comes out: scores on disk, tables, pages, the gradebook of nbgrader."""
