"""Writes an escrow's pages and opens one's, from docs/key-formats.md alone, without any code of the project.

  make_escrow.py write FOLDER   an escrow of known keys, 2 of 3: what the tests open
  make_escrow.py open PAGE...   prints what pages give: reserve id and the sealed body, in hexadecimal
  make_escrow.py vector         shares of one byte by known coefficients
"""
import hashlib
import os
import re
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
EXP = [1]
while len(EXP) < 255:
    v = EXP[-1]
    v ^= v << 1
    EXP.append(v ^ 0x11B if v & 0x100 else v)
LOG = {value: power for power, value in enumerate(EXP)}


def mul(a, b):
    return EXP[(LOG[a] + LOG[b]) % 255] if a and b else 0


def value_at(coefficients, x):
    total = 0
    for power, coefficient in enumerate(coefficients):
        term = coefficient
        for _ in range(power):
            term = mul(term, x)
        total ^= term
    return total


def at_zero(points):
    total = 0
    for x, y in points:
        weight = y
        for other, _ in points:
            if other != x:
                weight = mul(weight, mul(other, EXP[(255 - LOG[other ^ x]) % 255]))
        total ^= weight
    return total


def base32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def unbase32(text):
    bits = "".join(f"{ALPHABET.index(c):05b}" for c in text)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8))


def line_check(label, data):
    return base32(hashlib.sha256(b"sting1 line" + label.encode() + data).digest())[:4]


def lines(letter, data):
    for number, start in enumerate(range(0, len(data), 20), 1):
        part, label = data[start:start + 20], f"{letter}{number}"
        code = base32(part)
        yield label + " " + " ".join(code[i:i + 4] for i in range(0, len(code), 4)) + " " + line_check(label, part)


def read_lines(text, letter):
    found = {}
    for match in re.finditer(rf"^{letter}(\d+) +([0-9A-Z ]+)$", text, re.M):
        code = match[2].replace(" ", "")
        part = unbase32(code[:-4])
        assert line_check(f"{letter}{match[1]}", part) == code[-4:]
        found[int(match[1])] = part
    return b"".join(found[n] for n in sorted(found))


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
    return head(5, len(value)) + b"".join(cbor(k) + cbor(value[k]) for k in sorted(value))


def uncbor(data, at=0):
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if number >= 24:
        size = 1 << number - 24
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
    if major == 0:
        return number, at
    if major == 2:
        return data[at:at + number], at + number
    result = {}
    for _ in range(number):
        key, at = uncbor(data, at)
        result[key], at = uncbor(data, at)
    return result, at


def public(private):
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def seq(first, length):
    return bytes((first + i) & 0xFF for i in range(length))


def write(folder):
    reserve, escrow = seq(0x10, 16), seq(0xE0, 16)
    signing, kek = (ec.derive_private_key(int.from_bytes(seq(first, 32), "big"), ec.SECP256R1()) for first in (0x40, 0x80))
    split_key = seq(0x01, 32)
    body = seq(0x40, 32) + seq(0xA0, 32) + struct.pack("<HI", 1, 1) + seq(0x80, 32)
    values = {n: bytes(value_at((k, (k * 7 + 3) & 0xFF), n) for k in split_key) for n in (1, 2, 3)}
    checks = b"".join(hashlib.sha256(b"sting1 share check" + escrow + bytes([n]) + values[n]).digest()[:8] for n in values)
    nonce = seq(0x30, 12)
    fields = {1: 1, 2: reserve, 3: escrow, 4: 1, 5: hashlib.sha256(public(kek)).digest(), 6: hashlib.sha256(public(signing)).digest(), 7: 2, 8: checks, 9: 1768442400 * 10**9, 10: 1768528800 * 10**9, 11: nonce}
    fields[12] = AESGCM(split_key).encrypt(nonce, body, cbor(fields))
    payload = cbor(fields)
    signed = b"STINGKEY" + struct.pack("<HHI", 9, 1, len(payload)) + payload
    r, s = utils.decode_dss_signature(signing.sign(signed, ec.ECDSA(hashes.SHA256())))
    sealed = signed + r.to_bytes(32, "big") + s.to_bytes(32, "big")
    for n in values:
        share = bytes([1, n, 2, 3]) + escrow + reserve + values[n]
        share += hashlib.sha256(b"sting1 share" + share).digest()[:12]
        with open(os.path.join(folder, f"share-{n}.txt"), "w") as page:
            page.write("A golden share\n" + "\n".join([*lines("S", share), *lines("E", sealed)]) + "\n")


def open_pages(paths):
    texts = [open(path).read() for path in paths]
    shares = [read_lines(text, "S") for text in texts]
    sealed = read_lines(texts[0], "E")
    fields, _ = uncbor(sealed[16:-64])
    for share in shares:
        assert hashlib.sha256(b"sting1 share" + share[:-12]).digest()[:12] == share[-12:]
        assert share[4:20] == fields[3] and share[20:36] == fields[2]
    key = bytes(at_zero([(share[1], share[36 + i]) for share in shares[:fields[7]]]) for i in range(32))
    body = AESGCM(key).decrypt(fields[11], fields[12], cbor({k: v for k, v in fields.items() if k < 12}))
    print(fields[2].hex(), body.hex())


if sys.argv[1] == "write":
    write(sys.argv[2])
elif sys.argv[1] == "open":
    open_pages(sys.argv[2:])
else:
    print(" ".join(f"{value_at((0x42, 0x17, 0xA5), x):02x}" for x in range(1, 6)))
