"""How is a count told?"""


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun, like `1 order` and `2 orders`; `many` is the plural where that is not the noun with an s,
    as where a verb stands with it."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def there_were(count: int, one: str) -> str:
    """The same with its verb: `there was 1 order`, `there were 2 orders`."""
    return f"there {'was' if count == 1 else 'were'} {counted(count, one)}"
