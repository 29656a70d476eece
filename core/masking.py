"""Personal numbers as lists show them. The full number is shown on a click, which is logged."""


def mask_id(number: str) -> str:
    """`340121200408185822` → `340121********5822`; shorter documents keep two at each end."""
    if len(number) >= 15:
        return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"
    if len(number) > 4:
        return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"
    return "*" * len(number)


def mask_name(name: str) -> str:
    """`张小明` → `张**`."""
    return name[:1] + "*" * (len(name) - 1)


def mask_phone(number: str) -> str:
    """`13440837476` → `134****7476`."""
    if len(number) >= 8:
        return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"
    return "*" * len(number)
