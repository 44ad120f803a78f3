"""Maps that recalibrate probabilities, and the loss that is left after them."""

from skxent.recalibration._temperature import fit_temperature, refinement_loss

__all__ = ["fit_temperature", "refinement_loss"]
