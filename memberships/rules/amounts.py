"""Amounts in text: a number beside a currency or a percent sign, or *half price* (PRODUCT.md §8).

They are refused in what may be said on the phone, and masked in what operators read.
"""

from __future__ import annotations

import re

MASK = "•••"

# every repetition is bounded: what users write must not make the search slow
_GAP = r"[\s\u200b-\u200f\u2060\ufeff]{0,4}[(\[]?"
_SIGNS = r"[$€£¥₽₴₸₹₩₪₺₫₦₱฿₾₼₲₡₵₭₮₨¢￥＄￡￦]"
_PERCENT = r"[%％٪‰﹪]"
_GROUPED = r"\d{1,3}(?:[\s\u00a0\u2009\u202f.,'’]\d{3}){1,5}(?!\d)(?:[.,]\d{1,3})?"
_DIGITS = rf"(?:{_GROUPED}|\d{{1,30}}(?:[.,]\d{{1,9}})?|[½¼¾])(?:[.,][-–—])?"
_SAID = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|десять|пятнадцать|двадцать|тридцать|сорок|пятьдесят|шестьдесят"
    r"|семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|пятьсот|тысяча|тысячи|тысяч)"
)
_ONE = rf"(?:{_DIGITS}|\b{_SAID}(?:[\s-]{_SAID}){{0,4}}\b)"
_TIMES = rf"(?:{_GAP}(?:k|к|тыс\.?|тысяч[аи]?|thousand|hundred|млн\.?|mln\.?|million)(?!\w))?"
_BETWEEN = rf"{_GAP}(?:[-–—…/+]|to|or|and|до|или|и|bis|oder|à){_GAP}"
_NUMBER = rf"{_ONE}{_TIMES}(?:{_BETWEEN}{_ONE}{_TIMES}){{0,3}}"

# Codes that are also words ("TOP 10", "TRY 3 classes") count only behind a number and in capitals.
_CODES = (
    "AED AFN AMD ANG AOA ARS AUD AWG AZN BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP"
    " CNY CRC CVE CZK DJF DKK DZD EGP ERN ETB EUR FJD FKP GBP GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD"
    " IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LBP LKR LRD LSL LYD MDL MGA MKD MMK MNT MRU MUR MVR MWK"
    " MXN MYR MZN NGN NIO NOK NPR NZD OMR PGK PHP PKR PLN PYG QAR RON RSD RUB RUR RWF SAR SBD SCR SDG SEK SGD SHP SLE"
    " SRD SSP STN SVC SYP SZL THB TJS TMT TND TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR"
    " ZMW ZWG"
)
_CODES_THAT_ARE_WORDS = "ALL BAM COP CUP DOP GEL HAT LAK MAD MOP NAD PAB PEN SOS TOP TRY"
_WORDS = (
    r"euros?|dollars?|bucks?|cents?|pounds?|quid|pence|roubles?|rubles?|francs?|franken|zlot\w+|zł|złot\w+|kronor|kroner"
    r"|kr|kč|ft|lei|yen|yuan|rupees?|rs|dirhams?|dinars?|tenge|р|руб\w*|рэ|коп\w*|евро|доллар\w*|бакс\w*|фунт\w*|гривен\w*"
    r"|гривн\w*|грн|grn|тенге|тг|франк\w*|злот\w+|лей|сом(?:ов|а)?|сум(?:ов|а)?|крон\w*|юан\w+|иен\w*|tl|лв|元|円"
)
_PERCENT_WORDS = r"percent|per\s?cent|pct|prozent|процент\w*"
# "3 р. в неделю" is three times a week
_TIMES_A_WEEK = r"(?!р\.?\s*(?:/|в\s+(?:нед|день|мес|год|сут)))"

_BEHIND = (
    rf"(?:{_SIGNS}|{_PERCENT}|[-–—]?{_TIMES_A_WEEK}(?:(?:{_WORDS}|{_PERCENT_WORDS}"
    rf"|{'|'.join(_CODES.split())})(?!\w)|(?-i:{'|'.join(_CODES_THAT_ARE_WORDS.split())})(?!\w)))"
)
_BEFORE = rf"(?:(?:[A-Za-z]{{1,2}})?{_SIGNS}|(?<!\w)(?:R\$|rs\.?|fr\.|zł|kr\.?|{'|'.join(_CODES.split())})\.?)"
_HALF = (
    r"\bhalf[\s-]*(?:the[\s-]+|of[\s-]+the[\s-]+)?(?:price|off|cost)\w*|\bprice\s+(?:is\s+)?(?:cut\s+in\s+)?half\b"
    r"|[½]\s*(?:the\s+)?(?:price|off)|\b1/2\s*(?:the\s+)?(?:price|off)"
    r"|\bпол[\s-]?цены|\bполовин\w+\s+(?:цены|стоимости)|\bвполовину\s+дешевле|\bвдвое\s+дешевле"
    r"|\b(?:цен\w+|стоимост\w+)\s+(?:в|на)\s?половин\w+|\bhalber\s+preis|\bzum\s+halben\s+preis|\bhalben\s+preis"
)
_AMOUNT = re.compile(
    rf"{_BEFORE}{_GAP}{_NUMBER}(?:{_GAP}{_BEHIND})?|(?<!\d)(?<!\d[.,]){_NUMBER}{_GAP}{_BEHIND}|{_HALF}", re.IGNORECASE
)


def contains_amount(text: str) -> bool:
    """Whether the text holds an amount: a number beside a currency or %, or *half price*."""
    return _AMOUNT.search(text) is not None


def mask_amounts(text: str) -> str:
    """The text with every amount replaced by ``•••``."""
    return _AMOUNT.sub(MASK, text)
