"""HTTP: one thin resource file for each audience, with access, errors and paging beside them."""
