"""Memory contents that follow from a seed: the same numbers as mix() and fill_page() of grade/user/grade.h."""
import struct

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


def page(seed, i):
    """The bytes of page i of the memory that `seed` stands for."""
    value = mix(seed & MASK, i)
    return struct.pack(f'<{WORDS}Q', *[value + w * STEP & MASK for w in range(WORDS)])
