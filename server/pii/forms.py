"""What one value is by itself: e-mail addresses, telephone numbers, addresses of machines and of houses, diagnoses."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from server.pii.checksums import is_card, is_iban
from server.pii.identifiers import is_bare_national_id, is_national_id

TELLING_OCTET = 100  # four small numbers with dots are more often a version
PHONE_DIGITS = range(8, 16)
BARE_PHONE_DIGITS = range(7, 16)

_EMAIL = re.compile(r"[\w.%+'&-]{1,64}@(?:[\w-]{1,63}\.){1,8}([^\W\d_]{2,24})")
# Names of pictures for dense screens, such as icon@2x.png, have the form of an address.
_FILE_ENDINGS = frozenset("png jpg jpeg gif svg webp ico css js json html xml pdf zip".split())
_NO_DIGITS = re.compile(r"[^0-9]+")
_CARD = re.compile(r"[0-9]{4}(?:[ -]?[0-9]{2,7}){2,4}")
_INTERNATIONAL = re.compile(
    r"(?:\+|00(?=[1-9]))[0-9][0-9 ./()-]{6,22}[0-9](?: ?(?:x|ext\.?|#) ?[0-9]{1,6})?", re.IGNORECASE
)
_NORTH_AMERICAN = re.compile(
    r"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?",
    re.IGNORECASE,
)
_TRUNK = re.compile(r"\(?0[1-9][0-9]{1,4}\)?[ /-]{1,3}[0-9]{2,8}(?:[ -][0-9]{2,5}){0,3}|0[1-9](?:[ .][0-9]{2}){4}")
_DAY = re.compile(r"[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ](?:[0-9]{2}|[0-9]{4})(?:[ T][0-9]{1,2}:.*)?")
_BARE_PHONE = re.compile(r"\+?[0-9(][0-9 ./()-]{5,22}[0-9](?: ?(?:x|ext\.?|#) ?[0-9]{1,6})?", re.IGNORECASE)
_PRIVATE = ("10.", "127.", "192.168.", "169.254.")
_ICD_10 = re.compile(r"[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?")
_STREETS = re.compile(
    r"""[0-9]{1,6}[a-z]?(?:-[0-9]{1,5})?,?\ (?:[\w.'\u2019-]+\ ){1,5}
        (?:st|street|ave|avenue|rd|road|blvd|boulevard|ln|lane|dr|drive|ct|court|pl|place|way|sq|square|ter|terrace|
           pkwy|parkway|cir|circle|hwy|highway|close|crescent|row|trail|trl)\b.*
      | [\w.\ -]{0,40}?(?:stra(?:ss|ß)e|str\.|gasse|allee|platz|weg|damm|ufer|straat|laan|gracht|plein|kade|gatan|vägen)
        \ [0-9]{1,4}\ ?[a-z]?\b.*
      | [0-9]{1,5}(?:\ ?(?:bis|ter))?,?\ (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|quai|cours|route)\ .*
      | (?:calle|c/|avda?\.?|avenida|plaza|paseo|via|viale|corso|piazza|rua|travessa|largo)\ [^\W\d].{1,60}?[0-9]{1,5}.*
      | (?:p\.?\ ?o\.?\ box|postfach|apartado|casella\ postale)\ [0-9]+.*""",
    re.IGNORECASE | re.VERBOSE,
)
_ILLNESSES = re.compile(
    r"""\b(?:diabet(?:es|ic)|hypertension|asthma|cancer|carcinoma|leuk(?:a?)emia|melanoma|lymphoma|hiv|hepatitis|
    tuberculosis|epilepsy|depressive|schizophrenia|bipolar\ disorder|alzheimer|parkinson|arthritis|infarction|angina|
    pneumonia|bronchitis|copd|an(?:a?)emia|migraine|psoriasis|eczema|multiple\ sclerosis|cirrhosis|nephropathy|
    neuropathy|thrombosis|embolism|chemotherapy|insulin|metformin|warfarin|amoxicillin|penicillin|hypertonie|krebs|
    epilepsie|diabète|asthme|hipertensión|diabete)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def digits_of(text: str) -> str:
    """Its ASCII digits. A whole number that was kept as a float has no others."""
    return _NO_DIGITS.sub("", text.removesuffix(".0"))


def is_email(text: str) -> bool:
    found = _EMAIL.fullmatch(text.removeprefix("mailto:"))
    return found is not None and found.group(1).lower() not in _FILE_ENDINGS and not text.startswith(".")


def is_phone(text: str) -> bool:
    """A number in international form, or in a national one that is written like no other number."""
    if _INTERNATIONAL.fullmatch(text):
        return len(digits_of(text)) in PHONE_DIGITS
    if _NORTH_AMERICAN.fullmatch(text):
        return True
    return _TRUNK.fullmatch(text) is not None and not _DAY.fullmatch(text) and len(digits_of(text)) in PHONE_DIGITS


def may_be_phone(text: str) -> bool:
    """Digits as of a telephone number: the name of the column has to tell the rest."""
    text = text.removesuffix(".0")
    return bool(_BARE_PHONE.fullmatch(text)) and len(digits_of(text)) in BARE_PHONE_DIGITS and not _DAY.fullmatch(text)


def is_payment_card(text: str) -> bool:
    text = text.removesuffix(".0")
    return _CARD.fullmatch(text) is not None and is_card(digits_of(text))


def is_bank_account(text: str) -> bool:
    return is_iban(text.replace(" ", "").replace("-", "").upper())


def may_be_ip(text: str) -> bool:
    """An address of a machine, or of a network in CIDR notation."""
    host, _, prefix = text.partition("/")
    if prefix and not (prefix.isascii() and prefix.isdigit()):
        return False
    try:
        if ":" in host:
            IPv6Address(host)
        else:
            IPv4Address(host)
    except AddressValueError:
        return False
    return True


def is_ip(text: str) -> bool:
    """The same, of numbers that are seldom a version's."""
    if not may_be_ip(text):
        return False
    host = text.partition("/")[0]
    octets = host.split(".")
    return ":" in host or host.startswith(_PRIVATE) or any(int(octet) >= TELLING_OCTET for octet in octets)


def is_ssn(text: str) -> bool:
    return is_national_id(text.upper())


def may_be_ssn(text: str) -> bool:
    text = text.removesuffix(".0")
    return is_national_id(text.upper()) or (text.isascii() and is_bare_national_id(text))


def is_address(text: str) -> bool:
    """Street and number, or a box at a post office, in one line or with more lines after it."""
    return _STREETS.match(text.partition("\n")[0].strip()) is not None


def is_icd_10(text: str) -> bool:
    return _ICD_10.fullmatch(text) is not None


def tells_illness(text: str) -> bool:
    return _ILLNESSES.search(text) is not None
