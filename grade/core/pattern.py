"""Memory contents that follow from a seed: the same numbers as mix() and fill_page() of grade/user/grade.h."""

STEP = 0x9e3779b97f4a7c15
MASK = (1 << 64) - 1
PAGE = 4096
WORDS = PAGE // 8
ZEROS = bytes(PAGE)


def mix(seed, i):
    x = seed + (i + 1) * STEP & MASK
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def over(page, *pieces):
    """The page with other bytes in places: (offset, bytes), .."""
    for at, data in pieces:
        page = page[:at] + data + page[at + len(data):]
    return page


# A page's words are computed at once, as one number with 128 bits for each of them.
ONES = sum(1 << 128 * w for w in range(WORDS))
STEPS = sum((w * STEP & MASK) << 128 * w for w in range(WORDS))


def page(seed, i):
    """The bytes of page i of the memory that `seed` stands for: words mix(seed, i) + w * STEP."""
    words = (mix(seed & MASK, i) * ONES + STEPS).to_bytes(16 * WORDS, 'little')
    return memoryview(words).cast('Q')[::2].tobytes()  # the lower half of each
