"""HTTP: one thin resource file for each audience, with access, errors and paging beside them."""

from typing import Final

VERSION: Final = "0.1.0"
