"""Mends a damaged pack by its parity from docs/repository-format.md alone, without any code of the project.

    parity.py PACK PARITY OUT

Writes the pack as it was, or says what does not hold and ends with 1.
"""
import hashlib
import struct
import sys
import zlib


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


INVERSE = [0] + [next(b for b in range(256) if times(a, b) == 1) for a in range(1, 256)]
ROW = [bytes(times(factor, b) for b in range(256)) for factor in range(256)]


def add(a, b):
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def solve(rows, sums):
    """The pieces of which the sums are made: rows of factors, a sum each."""
    for at in range(len(rows)):
        pivot = next(r for r in range(at, len(rows)) if rows[r][at])
        rows[at], rows[pivot], sums[at], sums[pivot] = rows[pivot], rows[at], sums[pivot], sums[at]
        by = INVERSE[rows[at][at]]
        rows[at], sums[at] = [times(by, x) for x in rows[at]], sums[at].translate(ROW[by])
        for r in range(len(rows)):
            if r != at and rows[r][at]:
                by = rows[r][at]
                rows[r] = [x ^ times(by, y) for x, y in zip(rows[r], rows[at])]
                sums[r] = add(sums[r], sums[at].translate(ROW[by]))
    return sums


def main():
    pack, parity = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()
    magic, kind, version, pack_id, length, size, groups, spares = struct.unpack_from("<8sHH32sQIII", parity)
    pieces = -(-length // size)
    head = 64 + 4 * (pieces + groups * spares)
    if (magic, kind, version) != (b"STINGBK\0", 16, 1) or struct.unpack_from("<I", parity, head)[0] != zlib.crc32(parity[:head]):
        sys.exit("its head is not whole")
    sums = struct.unpack_from(f"<{pieces + groups * spares}I", parity, 64)
    pack = pack[:length].ljust(length, b"\0")
    data = [pack[p * size:(p + 1) * size] for p in range(pieces)]
    spare = [parity[head + 4 + n * size:head + 4 + (n + 1) * size] for n in range(groups * spares)]
    lost = [p for p in range(pieces) if zlib.crc32(data[p]) != sums[p]]
    whole = [zlib.crc32(spare[n]) == sums[pieces + n] for n in range(groups * spares)]
    for group in range(groups):
        gone = [p for p in lost if p % groups == group]
        by = [s for s in range(spares) if whole[s * groups + group]][:len(gone)]
        if len(by) < len(gone):
            sys.exit(f"{len(gone)} pieces of group {group} are lost, and {len(by)} can come back")
        rest = []
        for s in by:
            total = spare[s * groups + group]
            for p in range(group, pieces, groups):
                if p not in gone:
                    total = add(total, data[p].ljust(size, b"\0").translate(ROW[INVERSE[s ^ (spares + p // groups)]]))
            rest.append(total)
        rows = [[INVERSE[s ^ (spares + p // groups)] for p in gone] for s in by]
        for p, piece in zip(gone, solve(rows, rest)):
            data[p] = piece[:len(data[p])]
    mended = b"".join(data)
    if hashlib.sha256(mended).digest() != pack_id:
        sys.exit("what its parity gives is not what its name says")
    open(sys.argv[3], "wb").write(mended)


main()
