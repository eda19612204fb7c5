"""Finds what is left of secrets in a memory dump."""

PAGE = 4096
PIECE_MAX = 128


def runs(memory):
    """(address, bytes) of each stretch of pages that are not all zero."""
    empty, start = bytes(PAGE), None
    for at in range(0, len(memory) + PAGE, PAGE):
        used = at < len(memory) and memory[at:at + PAGE] != empty
        if used and start is None:
            start = at
        elif not used and start is not None:
            yield start, memory[start:at]
            start = None


def width_for(secret):
    """How many consecutive bytes are no accident: about 50 bits that could have been otherwise.

    Coefficients of few different values repeat themselves; random bytes do not.
    """
    if len(secret) <= 64:
        return 8
    kinds = len(set(secret))
    return 16 if kinds > 64 else 64 if kinds > 3 else PIECE_MAX


def find(memory, secrets):
    """{name: [address]} of secrets that lie in memory, wholly or in part.

    Every piece of width_for bytes of a secret is looked for, at addresses that are a multiple of
    that: so a stretch of two widths less one byte is found wherever it lies.
    """
    pieces = {}
    for name, secret in secrets.items():
        width = width_for(secret)
        for at in range(len(secret) - width + 1):
            pieces.setdefault(width, {}).setdefault(secret[at:at + width], name)
    found = {}
    for start, run in runs(memory):
        for width, names in pieces.items():
            for at in range(0, len(run), width):
                name = names.get(run[at:at + width])
                if name is not None:
                    found.setdefault(name, []).append(start + at)
    return found


def spans(addresses):
    """Addresses that lie close together as "0xFIRST..0xLAST"."""
    spans_found = []
    for address in sorted(addresses):
        if spans_found and address - spans_found[-1][1] <= PIECE_MAX:
            spans_found[-1][1] = address
        else:
            spans_found.append([address, address])
    return [f"{first:#x}..{last:#x}" for first, last in spans_found]


def in_words(found):
    return "\n".join(f"{name} at {', '.join(spans(addresses))}"
                     for name, addresses in found.items())
