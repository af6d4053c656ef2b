"""Named failures. Each message says what was expected, what came, and what to do next."""


class OsilError(Exception):
    """Base of every error that osil raises on purpose."""


class TaskError(OsilError, ValueError):
    """A task string or task file that does not describe a block-stacking task."""


class ObservationError(OsilError, ValueError):
    """An observation or action with a wrong shape, a NaN or an infinite number."""


class ImplausibleReadingError(ObservationError):
    """A measured joint that is where it cannot be, or has moved faster than it can."""


class MissingReadingError(ObservationError):
    """A joint of which nothing is reported."""


class StaleError(ObservationError):
    """Something that was seen or said too long ago, or that has stopped coming."""


class FutureError(ObservationError):
    """Something whose stamp lies in the future."""


class DemonstrationError(OsilError, ValueError):
    """A demonstration that is truncated, unreadable, or unusable for the scene at hand."""


class ModelError(OsilError, ValueError):
    """A model folder that is missing, damaged, or made for another network."""


class ConfigError(OsilError, ValueError):
    """A configuration with an unknown key or a value out of range."""


class SceneError(OsilError, ValueError):
    """A scene that cannot be placed on the table or reached by the arm."""


class PlanningError(OsilError):
    """A motion of the arm that cannot be planned."""


class ResourceError(OsilError, FileNotFoundError):
    """A data file of the project that is not installed."""


class CalibrationError(OsilError, ValueError):
    """Points from which it cannot be told where a camera is, or that disagree."""
