"""The nearest number of sixteen bits with float32's exponent."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, normal, readonly, strided
from cnncourse.checks.tasks.u21._bits import Bits

task = Task(see="Sixteen bits", judged=Bits())
SINGLE = np.float32


@task.right
def to_bfloat16(x):
    """Add just less than half of the last bit that stays, and one more where it is odd; then clear the lower half."""
    bits = x.view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), SINGLE(np.nan), rounded.view(SINGLE))


def from_bits(*bits):
    """float32 numbers by their bits."""
    return np.array(bits, dtype=np.uint32).view(SINGLE)


@task.criterion(2)
def nearest(rng):
    """Numbers of any sign and size are rounded to the nearest, up as well as down; arrays of any shape."""
    for size in (1, 1e-20, 3e15):
        yield Call(SINGLE(size * rng.uniform(1, 2, (3, 4, 2)) * rng.choice([-1, 1], (3, 4, 2))))
    yield Call(normal(rng, 5, dtype=SINGLE))
    yield Call(SINGLE(rng.uniform(1, 2, 1)))
    yield Call(SINGLE(rng.uniform(1, 2, (0, 3))))
    yield Call(from_bits(0x3FFF8001, 0x3FFFFFFF, 0xBFFF9000))


@task.criterion(2)
def ties(rng):
    """In the middle between two, the one whose last bit is 0."""
    kept = rng.integers(0x3F80, 0x3FFF, 12)
    kept[:4] = kept[:4] // 2 * 2
    kept[4:8] = kept[4:8] // 2 * 2 + 1
    for low in (0x8000, 0x7FFF, 0x8001, 0x0000, 0x0001, 0xFFFF):
        yield Call(from_bits(*(kept << 16) + low))
        yield Call(-from_bits(*(kept << 16) + low))


@task.criterion(1)
def denormals(rng):
    """Numbers below 2⁻¹²⁶ are rounded as all others."""
    yield Call(from_bits(*rng.integers(0x10000, 0x7FFFFF, 8)))
    yield Call(from_bits(0x00008000, 0x00008001, 0x00018000, 0x80018000, 0x00000001, 0x80000003))
    yield Call(from_bits(0x007FFFFF, 0x807F8000))


@task.criterion(1)
def special_values(rng):
    """−0, infinities and NaN stay; what is beyond the largest number becomes infinite."""
    yield Call(SINGLE([0.0, -0.0]))
    yield Call(SINGLE([np.inf, -np.inf, rng.uniform(1, 2)]))
    yield Call(SINGLE([np.nan, 1.0, -np.nan]))
    yield Call(from_bits(0x7F800001, 0xFFFFFFFF, 0x7FFF8000, 0xFF80FFFF, 0x3F800000))
    yield Call(from_bits(0x7F7FFFFF, 0x7F7F8000, 0xFF7F8001))
    yield Call(from_bits(0x7F7F7FFF, 0xFF7F7FFF))


@task.criterion(1)
def any_array(rng):
    """Arrays that are read-only, or not stored row after row."""
    for kind in (strided, fortran, readonly):
        yield Call(kind(SINGLE(rng.uniform(1, 2, (3, 4)))))


def rounded(x, *, add=lambda bits: 0x7FFF + ((bits >> 16) & 1), keep=16, nan=True, zero=None, tiny=False, most=None,
            kind=SINGLE):  # fmt: skip
    """Right with the options as they are."""
    bits = np.ascontiguousarray(x).view(np.uint32).astype(np.uint64)
    y = ((bits + add(bits)) >> keep << keep).astype(np.uint32).view(SINGLE)
    y = np.where(np.isnan(x), SINGLE(np.nan), y) if nan else y
    y = np.where(np.abs(x) < 2.0**-126, np.copysign(SINGLE(0), x), y) if tiny else y
    y = np.where(np.isinf(y) & np.isfinite(x), np.copysign(SINGLE(most), x), y) if most else y
    return (y + SINGLE(0) if zero == "plus" else y).astype(kind).reshape(np.shape(x))


task.options(rounded, {
    "cuts-off": ({"add": lambda bits: 0},
        "The lower 16 bits are cut off, so every number moves towards 0. Round to the nearest."),
    "halves-up": ({"add": lambda bits: 0x8000},
        "Halves are rounded away from zero. Take the neighbour whose last bit is 0: add 0x7FFF plus the last bit "
        "that stays, (bits >> 16) & 1."),
    "halves-down": ({"add": lambda bits: 0x7FFF},
        "Halves are rounded towards zero. Take the neighbour whose last bit is 0: add 0x7FFF plus the last bit that "
        "stays, (bits >> 16) & 1."),
    "halves-to-odd": ({"add": lambda bits: 0x8000 - ((bits >> 16) & 1)},
        "Halves go to the odd neighbour. Take the one whose last bit is 0."),
    "half-and-the-last-bit": ({"add": lambda bits: 0x8000 + ((bits >> 16) & 1)},
        "0x8000 plus the last bit is one too many: halves always go up, and some a little below do. Add 0x7FFF plus "
        "the last bit."),
    "away-from-zero": ({"add": lambda bits: 0xFFFF}, "Every number is rounded away from zero. Round to the nearest."),
    "one-bit-less": ({"keep": 17, "add": lambda bits: 0xFFFF + ((bits >> 17) & 1)},
        "One bit too few is left. bfloat16 has a sign, 8 bits of exponent and 7 of fraction: the upper 16 bits of "
        "float32."),
    "one-bit-more": ({"keep": 15, "add": lambda bits: 0x3FFF + ((bits >> 15) & 1)},
        "One bit too many is left. bfloat16 has 7 bits of fraction: the upper 16 bits of float32."),
    "three-bits-more": ({"keep": 13, "add": lambda bits: 0xFFF + ((bits >> 13) & 1)},
        "The fraction has 10 bits, as float16 has. bfloat16 has 7."),
    "nan-lost": ({"nan": False},
        "Some NaN becomes infinite, or 0, when the addition runs through its bits. Leave NaN out of the rounding."),
    "zero-loses-sign": ({"zero": "plus"}, "−0 becomes 0. It keeps its sign."),
    "denormals-to-zero": ({"tiny": True}, "Numbers below 2⁻¹²⁶ become 0. bfloat16 has them, too: round them as all "
    "others."),
    "stops-at-the-largest": ({"most": 3.3895313892515355e38},
        "What is beyond the largest number stays there. It becomes infinite, as the rounding gives by itself."),
    "float64": ({"kind": np.float64}, "The result is float64. Return float32."),
    "float16": ({"kind": np.float16}, "The result is float16, which ends at 65,504. Return float32."),
})  # fmt: skip


@task.mistake
def by_float16(x):
    """That is float16: 10 bits of fraction, and nothing beyond 65,504. bfloat16 has float32's exponent."""
    with np.errstate(all="ignore"):
        return x.astype(np.float16).astype(SINGLE)


@task.mistake
def lower_half_not_cleared(x):
    """The addition is there, and the lower half of the bits is not cleared: bits & 0xFFFF0000."""
    bits = np.ascontiguousarray(x).view(np.uint32)
    return np.where(np.isnan(x), SINGLE(np.nan), (bits + (0x7FFF + ((bits >> 16) & 1))).view(SINGLE).reshape(x.shape))


@task.mistake
def nan_as_zero(right, x):
    """NaN becomes 0. It stays NaN."""
    return np.where(np.isnan(x), SINGLE(0), right)


@task.mistake
def nan_as_infinity(right, x):
    """NaN becomes infinite. It stays NaN."""
    return np.where(np.isnan(x), SINGLE(np.inf), right)


@task.mistake
def infinity_as_nan(right):
    """Infinities become NaN. They stay, and what is beyond the largest number becomes infinite."""
    return np.where(np.isinf(right), SINGLE(np.nan), right)


@task.mistake
def bits_as_numbers(x):
    """The bits come back as numbers: `astype` converts the integers. `view` reads their bits as float32."""
    bits = np.ascontiguousarray(x).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(SINGLE).reshape(x.shape)


@task.mistake
def infinity_cut_off(right):
    """Infinities, and what is beyond the largest number, become the largest number. They are infinite."""
    return np.where(np.isinf(right), np.copysign(SINGLE(3.3895313892515355e38), right), right)


@task.mistake
def infinite_too_early(right, x):
    """Every number above the largest bfloat16 becomes infinite. Those in the lower half of the gap are rounded down."""
    largest = SINGLE(3.3895313892515355e38)
    return np.where(np.abs(x) > largest, np.copysign(SINGLE(np.inf), x), right)


@task.mistake
def sign_lost(right):
    """The signs are lost. Rounding leaves them as they are."""
    return np.abs(right)


@task.mistake
def denormals_too_fine(right, x):
    """Numbers below 2⁻¹²⁶ keep 8 digits, as if their exponent went on falling. It ends at −126, and digits are lost."""
    m, e = np.frexp(x.astype(np.float64))
    fine = np.ldexp(np.round(256 * m), e - 8).astype(SINGLE)
    return np.where(np.abs(x) < 2.0**-126, fine, right)


@task.mistake
def not_rounded(x):
    """The numbers come back as they are."""
    return np.array(x)


@task.mistake
def integers(right):
    """The bits come back as integers. View them as float32 again: bits.view(np.float32)."""
    return np.ascontiguousarray(right).view(np.uint32).reshape(right.shape)
