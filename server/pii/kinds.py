"""The kinds of personal data, and when a finding counts."""

from typing import Literal

Kind = Literal["email", "phone", "ssn", "card", "iban", "ip", "birth_date", "salary", "address", "medical"]
Said = Literal["email", "phone", "ssn", "card", "iban", "ip", "birth_date", "salary", "address", "medical", "none"]
Sensitivity = Literal["public", "internal", "confidential", "restricted"]

KINDS: tuple[Kind, ...] = (
    "email",
    "phone",
    "ssn",
    "card",
    "iban",
    "ip",
    "birth_date",
    "salary",
    "address",
    "medical",
)

# A finding counts from this confidence on: catalog.columns shows it. The views in column_pii.sql have the same number.
THRESHOLD = 0.5
# What is less sure than this is not kept.
KEPT = 0.3
# Of a column that has the name and no values to look at. Validated values give more.
NAME_ALONE = 0.6
