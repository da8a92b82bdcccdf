"""Errors that are meant for a person: their text is one sentence that says what is wrong and what to do next.

The command line prints the sentence and exits with 2; the window shows it as a toast. Any other exception is a defect.
"""


class StudioError(Exception):
    """Something a person can mend; `str(error)` is the sentence they read."""


class UnknownLabError(StudioError):
    """A lab id that does not exist, or a lab whose file does not import."""


class ParameterError(StudioError):
    """A parameter that does not exist, or a value that it does not take."""


class DataError(StudioError):
    """A file or folder of the person's own that cannot be used."""


class SnapshotError(StudioError):
    """A snapshot that is truncated, of another lab, or of a newer version."""


class RunFolderError(StudioError):
    """A run folder that is damaged, locked by another process, or cannot be written."""
