"""Maps that recalibrate probabilities, and the loss that is left after them."""

from skxent.recalibration._classifier import RecalibratedClassifier
from skxent.recalibration._recalibrator import Recalibrator
from skxent.recalibration._temperature import fit_temperature, refinement_loss

__all__ = ["RecalibratedClassifier", "Recalibrator", "fit_temperature", "refinement_loss"]
