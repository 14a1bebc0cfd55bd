"""What is wrong with a training, read from running means of its logged scalars, and the remedy."""

WON = 5e-3
"""A discriminator that errs with less than this probability on average has won."""
COLLAPSED, ABOVE = 0.3, 1.5
"""Interpolations have collapsed if I is below this share of F and F is above this multiple of R. In a healthy run the three are
within a third of each other. Under the paper's objective on plane sets, I / F fell to 0.02 - 0.2."""
EMPTY = 0.2
"""All made items look alike if I is below this share of R. Lines that both players drew black had 1e-5, healthy runs above 0.5."""
RUNAWAY = 4.0
"""The discriminator has run away if F is above this multiple of R."""


def diagnose_gaia(R: float, F: float, I: float) -> str | None:
    """A warning with its remedy, or None."""
    if I < COLLAPSED * F and F > ABOVE * R:
        return (
            "interpolations have collapsed: they all look alike to the discriminator while reconstructions do not "
            "(I near 0, F high); use the objective 'balanced', a larger 'direct', or a lower learning rate"
        )
    if I < EMPTY * R:
        return (
            "everything that is made looks alike (the discriminator redraws it without error, but not real items); for "
            "pictures that are mostly empty use error 'l2', or a lower learning rate"
        )
    if F > RUNAWAY * R:
        return (
            f"the discriminator has run away (F more than {RUNAWAY:g} times R): its errors no longer tell the generator "
            "anything; use the objective 'balanced', a larger 'direct', or a lower learning rate"
        )
    return None


def discriminator_has_won(real: float, fake: float) -> str | None:
    """A warning if a discriminator of real and made items is never wrong: its gradient no longer guides anything.

    real, fake: mean probability of "real" that it gives to real and to made items.
    """
    if real > 1 - WON and fake < WON:
        return (
            "the discriminator has won (it tells all made items from real ones), so the generator no longer improves; "
            "use a lower learning rate, or a narrower discriminator"
        )
    return None
