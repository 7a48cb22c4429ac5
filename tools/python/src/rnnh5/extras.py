"""What the package can use and does not need: PyTorch and Keras."""

from __future__ import annotations

from types import TracebackType


class MissingExtra(ImportError):
    """A library that is needed for this, and for nothing else here, is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs a library that is not installed: pip install 'rnnh5[{extra}]'")
        self.extra = extra


class NotExpressible(ValueError):
    """A library has nothing for an option of a layer.

    ``layer`` is the layer's name, ``option`` the key in the architecture that says what is missing, ``value`` its value.
    """

    def __init__(self, library: str, layer: str, option: str, value: object) -> None:
        super().__init__(f"{library} cannot express the layer '{layer}': nothing there is like '{option}' = {value!r}")
        self.library = library
        self.layer = layer
        self.option = option
        self.value = value


class needed:
    """A block that imports a library: ``MissingExtra`` instead of the interpreter's own error where it is not there."""

    def __init__(self, what: str, extra: str, library: str) -> None:
        self._error = MissingExtra(what, extra)
        self._library = library

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Only where the library itself is missing: an installation that is broken speaks for itself.
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == self._library:
            raise self._error from error
