"""`python -m cnncourse.doctor`, for an installation whose command is missing."""

from . import main

raise SystemExit(main())
