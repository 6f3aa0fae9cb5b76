"""What can go wrong with data, each with its cure in the message."""


class DataError(RuntimeError):
    """Data cannot be had; the message says what happened and what to do about it.

    Parameters
    ----------
    problem : str
        What happened, naming the file or folder.
    cure : str
        What the reader can do about it.
    """

    def __init__(self, problem: str, cure: str):
        super().__init__(f"{problem}\nWhat to do: {cure}")
        self.problem = problem
        self.cure = cure


class MissingDataError(DataError, FileNotFoundError):
    """A file or folder that should be there is not."""


class CorruptDataError(DataError):
    """A file is there, but it is truncated, not of its format, or fails its checksum."""


class DownloadError(DataError):
    """The network, the host or the disk refused a download."""
