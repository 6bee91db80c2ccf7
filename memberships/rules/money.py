"""Money: decimals of a currency, and the one way they are rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

# ISO 4217: currencies whose minor unit is not a hundredth.
_CURRENCIES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {code: digits for digits, codes in _CURRENCIES_BY_DIGITS.items() for code in codes.split()}


def minor_digits(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): JPY 0, KWD 3, most 2."""
    return _MINOR_DIGITS.get(currency, 2)


def round_half_up(amount: Decimal | Fraction, currency: str) -> Decimal:
    """The amount in whole minor units of the currency; a half goes away from zero."""
    digits = minor_digits(currency)
    exact = Fraction(amount) * 10**digits
    units = int(abs(exact) + Fraction(1, 2))
    return Decimal((exact < 0, tuple(map(int, str(units))), -digits)) if units else Decimal(0).scaleb(-digits)


def number_text(value: Decimal) -> str:
    """A number as one says it: ``20``, ``12.5`` (no trailing zeros, no exponent)."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount as one says it: ``20`` for whole ones, else all decimals of the currency (``12.50``)."""
    rounded = round_half_up(amount, currency)
    whole = rounded.to_integral_value()
    return f"{whole:f}" if rounded == whole else f"{rounded:f}"
