"""What all scorers share: predictions, classes that were never seen, and the routing of weights."""

from __future__ import annotations

import copy
import inspect
import math
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.utils.metadata_routing import UNCHANGED, MetadataRequest

from skxent._intake._arguments import check_choice
from skxent._intake._labels import shown
from skxent._intake._predictions import METHODS, predictions, refuse_other_type, with_columns_for
from skxent._intake._warn import warn
from skxent.scorers._rows import ScoredRows

__all__ = ["ClassifierScorer", "call_text", "check_requests", "unit_suffix"]


class ClassifierScorer:
    """
    What all scorers share: the call, the routing of weights, and the predictions.

    Not an estimator: it would be taken for one in the parameters and the text of a search.
    """

    response_method: str | tuple[str, ...]
    unseen: str
    _weight_request: bool | str | None = None

    def __call__(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Any:
        raise NotImplementedError

    def set_score_request(self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """
        Say whether this scorer wants `sample_weight` when metadata is routed.

        Parameters
        ----------
        sample_weight : bool, str or None, default=UNCHANGED
            True: pass it; False: do not; None: raise an error if it is there; a name: pass
            what has that name.

        Returns
        -------
        self : object
            The scorer itself.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled.
        """
        if not get_config()["enable_metadata_routing"]:
            msg = (
                "set_score_request needs metadata routing: "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
            raise RuntimeError(msg)
        if sample_weight != UNCHANGED:
            self._request_for(sample_weight)  # an error if it is no request
            self._weight_request = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """
        Metadata that this scorer asks for, for scikit-learn's routing.

        Returns
        -------
        MetadataRequest
            A new one each time.
        """
        return self._request_for(self._weight_request)

    def _request_for(self, alias: bool | str | None) -> MetadataRequest:
        # Never kept: other packages add methods to scikit-learn's routing when they are imported,
        # which a request that is older than that would lack.
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="sample_weight", alias=alias)
        return request

    def __sklearn_clone__(self) -> Self:
        """Copy of a scorer, which has no fitted state to leave behind."""
        return copy.deepcopy(self)

    def _rows(
        self, estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[ScoredRows, NDArray[Any], bool]:
        """Rows to score, the labels of the columns, and whether predictions are logits."""
        values, classes, from_logits = predictions(
            estimator, X, self.response_method, anywhere=True
        )
        found = ScoredRows.of(y, values, sample_weight, classes).without_void_rows()
        if found.n_unseen == 0:
            return found, classes, from_logits
        extra = found.unseen_labels()
        refuse_other_type(extra, classes)
        who = (
            f"{type(estimator).__name__} never saw {shown(extra)}, the classes of {found.n_unseen}"
        )
        if self.unseen == "raise":
            msg = (
                f"{who} of {found.n_rows} rows; its classes_ are {shown(classes)}. Stratify the "
                f'splits, or pass unseen="floor" or unseen="ignore".'
            )
            raise ValueError(msg)
        if self.unseen == "ignore":
            if found.n_unseen == found.n_rows:
                msg = f'{who} rows, which is all of them: unseen="ignore" leaves none to score.'
                raise ValueError(msg)
            warn(f"{who} of {found.n_rows} rows; they are left out.")
            return found.seen_only(), classes, from_logits
        known, values = with_columns_for(extra, found.values, classes, from_logits)
        return ScoredRows.of(found.y, values, found.weight, known), known, from_logits


def check_requests(response_method: str | tuple[str, ...], unseen: str) -> None:
    """An error if a scorer cannot ask for this, or cannot treat classes never seen like that."""
    check_choice(unseen, "unseen", ("floor", "raise", "ignore"))
    several = isinstance(response_method, list | tuple)
    names = response_method if several else (response_method,)
    if not names:
        msg = f"response_method must name at least one of {', '.join(METHODS)}."
        raise ValueError(msg)
    for name in names:
        check_choice(name, "response_method", METHODS)


def unit_suffix(base: float | None) -> str:
    """The end of a name that says in which unit the score is, if it is not in nats."""
    if base is None or base == math.e:
        return ""
    return "_bits" if base == 2 else f"_base_{float(base):g}"


def call_text(maker: str, first: str, scorer: ClassifierScorer, params: dict[str, Any]) -> str:
    """The call that makes this scorer, without what is left at its default."""
    for name, parameter in inspect.signature(type(scorer).__init__).parameters.items():
        if name in {"self", "metric", "labels", "metric_params"}:
            continue
        value = getattr(scorer, name)
        if value != parameter.default:
            params[name] = value
    return f"{maker}({', '.join([first, *(f'{k}={v!r}' for k, v in params.items())])})"
