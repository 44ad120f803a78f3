"""What accumulators and monitors share: they add up, and are saved and read again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from copy import copy
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike

from skxent._intake._arguments import check_base, check_eps, check_names
from skxent._intake._labels import check_labels, check_pos_label, shown
from skxent._render._files import write_bytes
from skxent.statistic._store import UNREADABLE, as_bytes, from_bytes, not_ours

__all__ = ["Accumulator", "Mergeable"]


class Mergeable(ABC):
    """
    Something with labels that has counted rows, to which others can be added.

    What is counted is never written to, but replaced by a new total while `_lock` is held: a copy
    of the attributes, made while it is held, is a whole state.
    """

    _kind: ClassVar[str]
    """What a file of it is called."""
    _options: ClassVar[tuple[str, ...]] = ("pos_label", "from_logits", "renormalize")
    """What a saved one is made with again, beside its labels."""

    def __init__(
        self,
        labels: ArrayLike,
        *,
        pos_label: Any,
        target_names: Sequence[str] | None,
        from_logits: bool,
        renormalize: bool,
    ) -> None:
        self.labels = check_labels(labels).copy()
        self.labels.flags.writeable = False
        self.target_names = check_names(target_names, self.labels)
        check_pos_label(pos_label, self.labels)
        self.pos_label = pos_label
        self.from_logits, self.renormalize = from_logits, renormalize
        self._lock = Lock()

    @abstractmethod
    def merge(self, other: Self) -> Self:
        """Add what another one has counted, which is not changed."""

    @abstractmethod
    def _tree(self) -> dict[str, Any]:
        """What has been counted, as plain values and arrays."""

    @abstractmethod
    def _take_tree(self, tree: dict[str, Any]) -> None:
        """Take up what gave the `tree`; the options are there already."""

    def __copy__(self) -> Self:
        found = object.__new__(type(self))
        found.__setstate__(self.__getstate__())
        return found

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            state = self._state()
        del state["_lock"]  # belongs to its process
        return state

    def _state(self) -> dict[str, Any]:
        """A copy of what it is, made while `_lock` is held."""
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.labels.flags.writeable = False
        self._lock = Lock()

    @classmethod
    def sum(cls, parts: Iterable[Self]) -> Self:
        """
        Add up any number of these, such as those of the parts of a data set.

        Parameters
        ----------
        parts : iterable of accumulators or monitors
            Of this kind, which `merge` takes; they are not changed. A 0 among them is passed over:
            it is what the builtin ``sum`` makes of no parts.

        Returns
        -------
        accumulator or monitor
            A new one, with the names and the options of the first.

        Raises
        ------
        TypeError
            If a part is something else.
        ValueError
            If there are no parts, so that nothing says what the labels are, or one is not what
            `merge` takes.
        """
        total: Self | None = None
        for part in parts:
            if _is_zero(part):
                continue
            cls._check_is_one(part, "Each of parts")
            total = copy(part) if total is None else total.merge(part)
        if total is None:
            msg = (
                f"parts is empty, so that nothing says what the labels are; pass at least one, "
                f"which may be without rows: {cls.__name__}(labels)."
            )
            raise ValueError(msg)
        return total

    def __add__(self, other: Self | int) -> Self:
        if _is_zero(other):
            return copy(self)
        return copy(self).merge(other) if isinstance(other, type(self)) else NotImplemented

    # sum() begins with 0.
    __radd__ = __add__

    def save(self, path: str | PathLike[str]) -> None:
        """
        Write all that has been counted to a file, which `load` reads.

        The file is small, holds no code, and is a whole new one or the one from before. A newer
        skxent reads it too. The accumulators of days, saved, add up to that of a week.

        Parameters
        ----------
        path : str or path-like
            Where to write it.

        Raises
        ------
        OSError
            If the file cannot be written.
        TypeError
            If the labels are neither numbers nor text, or `path` is not the name of a file.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from skxent import LogLossAccumulator
        >>> monday = LogLossAccumulator(["no", "yes"]).update(["no", "yes"], [0.2, 0.7])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     monday.save(Path(folder) / "monday.skxent")
        ...     LogLossAccumulator.load(Path(folder) / "monday.skxent")
        <LogLossAccumulator: 2 classes, 2 rows so far>
        """
        write_bytes(path, self._as_bytes())

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """
        Read what `save` has written.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        accumulator or monitor
            With all that was counted, the same labels and the same options.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is no such file, was cut off, is damaged, or was saved by a newer skxent.
        """
        return cls._of_bytes(Path(path).read_bytes(), Path(path))

    def _as_bytes(self) -> bytes:
        tree = {name: getattr(self, name) for name in self._options}
        tree |= {"labels": self.labels, "target_names": self.target_names}
        return as_bytes(self._kind, tree | self._tree())

    @classmethod
    def _of_bytes(cls, content: bytes, path: Path) -> Self:
        tree = from_bytes(content, cls._kind, path)
        try:
            options = {name: tree[name] for name in cls._options}
            found = cls(tree["labels"], **options)
            # As they are: names that are labels keep their type.
            found.target_names = tuple(tree["target_names"])
            found._take_tree(tree)
            repr(found)  # what cannot say what it holds is none
        except UNREADABLE as error:
            raise ValueError(not_ours(path, error)) from error
        return found

    @classmethod
    def _check_is_one(cls, value: object, name: str) -> None:
        if not isinstance(value, cls):
            msg = f"{name} must be a {cls.__name__}; got {type(value)}."
            raise TypeError(msg)

    def _check_alike(self, other: Self) -> None:
        """Refuse to add up what is of another kind, or has other labels."""
        self._check_is_one(other, "other")
        if self.labels.tolist() != other.labels.tolist():
            msg = (
                f"other must have the same labels in the same order; it has "
                f"{shown(other.labels)}, and this one {shown(self.labels)}."
            )
            raise ValueError(msg)


class Accumulator(Mergeable):
    """One that adds up losses, which have a base and a floor."""

    _options = (*Mergeable._options, "base", "eps")

    def __init__(
        self,
        labels: ArrayLike,
        *,
        pos_label: Any,
        target_names: Sequence[str] | None,
        base: float | None,
        eps: float,
        from_logits: bool,
        renormalize: bool,
    ) -> None:
        super().__init__(
            labels,
            pos_label=pos_label,
            target_names=target_names,
            from_logits=from_logits,
            renormalize=renormalize,
        )
        check_base(base)
        self.base, self.eps = base, check_eps(eps)

    def _check_alike(self, other: Self) -> None:
        super()._check_alike(other)
        if self.eps != other.eps:
            msg = f"other must have the same eps; it has {other.eps!r}, and this one {self.eps!r}."
            raise ValueError(msg)


def _is_zero(value: object) -> bool:
    """Whether this is the 0 that sum() begins with."""
    return isinstance(value, int) and value == 0
