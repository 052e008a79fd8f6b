"""How is a count told?"""


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun, like `1 order` and `2 orders`; `many` is the plural where that is not the noun with an s,
    as where a verb stands with it."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def there_were_records(count: int) -> str:
    """A count of records with its verb: `there was 1 record`, `there were 2 records`."""
    return f"there {'was' if count == 1 else 'were'} {counted(count, 'record')}"
