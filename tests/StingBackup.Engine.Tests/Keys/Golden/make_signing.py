"""Writes the files of a reserve whose key role's signing key was renewed twice, and is being renewed a third time, from docs/key-formats.md alone, without any code of the project.

The tests open what it wrote, so the format cannot drift unseen. Its output is committed; run it again only for a new format, into a new folder.
Needs Python's cryptography, 43 or later, and OpenSSL 3.2 or later (signatures are deterministic): python3 make_signing.py FOLDER
"""
import hashlib
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ROOT = sys.argv[1]
CREATED = 1768442400 * 10**9  # 2026-01-15 02:00:00 UTC
QUARTER = 90 * 86400 * 10**9


def seq(first, length):
    return bytes((first + i) & 0xFF for i in range(length))


def key(first):
    return ec.derive_private_key(int.from_bytes(seq(first, 32), "big"), ec.SECP256R1())


def scalar(private):
    return private.private_numbers().private_value.to_bytes(32, "big")


def public(private):
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def sign(private, data):
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def cbor(value):
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 1 << 8 * size:
                return bytes([major << 5 | code]) + number.to_bytes(size, "big")

    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in sorted(value.items()))


def framed(kind, payload):
    return b"STINGKEY" + struct.pack("<HHI", kind, 1, len(payload)) + payload


def checked(data):
    return data + hashlib.sha256(data).digest()


def put(path, content):
    full = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(content)


RESERVE, DIRECTORY, KEK = seq(0x10, 16), seq(0x30, 32), key(0x02)
ROLES = [key(first) for first in (0x01, 0x07, 0x08, 0x09)]    # the fourth is to follow


def statement(number):
    earlier, later = ROLES[number - 1], ROLES[number]
    stated = struct.pack("<Iq", number, CREATED + number * QUARTER) + public(earlier) + public(later)
    message = b"sting1 next" + RESERVE + stated
    return stated + sign(earlier, message) + sign(later, message)


two = statement(1) + statement(2)
half = framed(1, cbor({1: 1, 2: RESERVE, 3: public(KEK), 4: 1, 5: public(ROLES[2]), 6: CREATED, 102: two}))
put("keys/reserve.pub", half + sign(ROLES[2], half))
body = scalar(ROLES[2]) + DIRECTORY + struct.pack("<H", 0x8000 | 1) + struct.pack("<I", 1) + scalar(KEK) + scalar(ROLES[3])
put("keys/reserve.key", checked(framed(2, cbor({1: 1, 2: RESERVE, 3: 0, 4: b"", 5: 0, 6: 0, 7: 0, 8: b"", 9: body}))))
# The fourth key has signed the format already: the renewal died before reserve.pub named it.
for slot, statements, signer, revision in ((1, two + statement(3), ROLES[3], 4), (2, two, ROLES[2], 3)):
    fields = {1: 1, 2: RESERVE, 3: revision, 4: [], 5: [], 6: [], 7: CREATED, 8: hashlib.sha256(public(KEK)).digest(), 100: statements}
    format_object = b"STINGBK\0" + struct.pack("<HH", 1, 1) + cbor(fields)
    put(f"repository/format/{slot}", format_object + sign(signer, format_object))
put("state/host/key-role", checked(framed(23, two)))
