"""Writes one reserve's key files and repository objects from docs/key-formats.md alone, without any code of the project: of suite 1, or, told "hybrid", of suite 2.

The tests open what it wrote, so the formats cannot drift unseen. Its output is committed; run it again only for a new format, into a new folder.
Needs Python's cryptography, 48 or later: built with OpenSSL 3.5 or later for suite 2: python3 make_golden.py FOLDER [hybrid]
"""
import hashlib
import hmac
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

ROOT, HYBRID = sys.argv[1], sys.argv[2:] == ["hybrid"]
SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CREATED = 1768442400 * 10**9  # 2026-01-15 02:00:00 UTC


def seq(first, length):
    return bytes((first + i) & 0xFF for i in range(length))


def key(first):
    return ec.derive_private_key(int.from_bytes(seq(first, 32), "big"), ec.SECP256R1())


class HybridKey:
    """A key pair of suite 2: a seed, of which SHAKE256 makes ML-KEM's seed and the first scalar that is one."""

    def __init__(self, seed):
        self.seed, full = seed, hashlib.shake_256(seed).digest(64 + 4 * 32)
        self.lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(full[:64])
        candidates = (int.from_bytes(full[at:at + 32], "big") for at in range(64, 192, 32))
        self.curve = ec.derive_private_key(next(one for one in candidates if 0 < one < ORDER), ec.SECP256R1())

    def seal(self, info, plaintext):
        shared, encapsulated = self.lattice.public_key().encapsulate()
        ephemeral = ec.generate_private_key(ec.SECP256R1())
        agreed = ephemeral.exchange(ec.ECDH(), self.curve.public_key())
        shared = hashlib.sha3_256(shared + agreed + public(ephemeral) + public(self.curve) + b"MLKEM768-P256").digest()
        suite = b"HPKE" + struct.pack(">HHH", 0x0050, 1, 2)
        extract = lambda salt, label, ikm: hmac.new(salt, b"HPKE-v1" + suite + label + ikm, hashlib.sha256).digest()
        expand = lambda prk, label, context, size: HKDFExpand(hashes.SHA256(), size, struct.pack(">H", size) + b"HPKE-v1" + suite + label + context).derive(prk)
        context = b"\0" + extract(bytes(32), b"psk_id_hash", b"") + extract(bytes(32), b"info_hash", info)
        secret = extract(shared, b"secret", b"")
        return encapsulated + public(ephemeral) + AESGCM(expand(secret, b"key", context, 32)).encrypt(expand(secret, b"base_nonce", context, 12), plaintext, None)


def scalar(private):
    if isinstance(private, HybridKey):
        return private.seed
    return private.private_numbers().private_value.to_bytes(32, "big")


def public(private):
    if isinstance(private, HybridKey):
        return private.lattice.public_key().public_bytes_raw() + public(private.curve)
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def sign(private, data):
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def seal(private, info, plaintext):
    if isinstance(private, HybridKey):
        return private.seal(info, plaintext)
    return SUITE.encrypt(plaintext, private.public_key(), info=info)


def cbor(value):
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 1 << 8 * size:
                return bytes([major << 5 | code]) + number.to_bytes(size, "big")

    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in sorted(value.items()))


def key_file(kind, payload):
    framed = b"STINGKEY" + struct.pack("<HHI", kind, 1, len(payload)) + payload
    return framed + hashlib.sha256(framed).digest()


def signed_key_file(kind, payload):
    framed = b"STINGKEY" + struct.pack("<HHI", kind, 1, len(payload)) + payload
    return framed + sign(KEY_ROLE, framed)


def repository_object(kind, payload, signer):
    framed = b"STINGBK\0" + struct.pack("<HH", kind, 1) + payload
    return framed + sign(signer, framed)


def put(path, content):
    full = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(content)


RESERVE, WRITER = seq(0x10, 16), seq(0x20, 16)
KEY_ROLE, KEK, SIGNING, ENCRYPTION = key(0x01), key(0x02), key(0x03), key(0x04)
DIRECTORY, SPARE_KEY, EPOCH_SECRET = seq(0x30, 32), seq(0x50, 32), seq(0x70, 32)
NAME = "user:7b1c0e1e-0000-4000-8000-00000000000a"
TAG = hmac.new(DIRECTORY, NAME.encode(), hashlib.sha256).digest()[:16]
ALIAS = hmac.new(DIRECTORY, b"email:ada@example.com", hashlib.sha256).digest()[:16]

# Two subjects: the first claimed, the second a spare.
SUBJECTS = [(seq(0xA0, 16), key(0x05), seq(0xB0, 32)), (seq(0xA8, 16), key(0x06), seq(0xC0, 32))]
if HYBRID:    # the KEK and the first subject; the second keeps suite 1, so that files hold both
    KEK = HybridKey(seq(0x02, 32))
    SUBJECTS[0] = (SUBJECTS[0][0], HybridKey(seq(0x05, 32)), SUBJECTS[0][2])
suite_of = lambda private: 2 if isinstance(private, HybridKey) else 1


def public_signature(pseudonym, subject):
    return sign(KEY_ROLE, b"sting1 pub" + RESERVE + pseudonym + struct.pack("<I", 1) + public(subject))


# The key directory.
put("keys/reserve.pub", signed_key_file(1, cbor({1: suite_of(KEK), 2: RESERVE, 3: public(KEK), 4: 1, 5: public(KEY_ROLE), 6: CREATED})))
body = scalar(KEY_ROLE) + DIRECTORY + struct.pack("<H", 1) + struct.pack("<I", 1) + (struct.pack("<H", 2) if HYBRID else b"") + scalar(KEK)
salt, nonce = seq(0xD0, 16), seq(0xE0, 12)
fields = {1: 1, 2: RESERVE, 3: 1, 4: salt, 5: 64, 6: 2, 7: 1, 8: nonce}
stretched = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=64).derive("Zo\u00eb's golden passphrase".encode())
put("keys/reserve.key", key_file(2, cbor(fields | {9: AESGCM(stretched).encrypt(nonce, body, cbor(fields))})))
put("open/reserve.key", key_file(2, cbor({1: 1, 2: RESERVE, 3: 0, 4: b"", 5: 0, 6: 0, 7: 0, 8: b"", 9: body})))

# The key store and the epoch's places.
records = b""
for index, (pseudonym, subject, writer_secret) in enumerate(SUBJECTS):
    inner = seal(KEK, b"sting1 kek" + RESERVE + pseudonym + struct.pack("<I", 1), scalar(subject) + writer_secret)
    aad = b"sting1 rec" + RESERVE + struct.pack("<I", 1) + pseudonym + struct.pack("<IHI", 1, suite_of(subject), 1)
    record_nonce = seq(0xF0 + index, 12)
    record = struct.pack("<HI", suite_of(subject), 1) + pseudonym + struct.pack("<I", 1) + record_nonce + AESGCM(EPOCH_SECRET).encrypt(record_nonce, inner, aad)
    frame = b"SREC" + struct.pack("<I", len(record)) + record
    records += frame + hashlib.sha256(frame).digest()[:8]
check = HKDFExpand(hashes.SHA256(), 32, b"sting1 turn" + RESERVE + struct.pack("<I", 1)).derive(EPOCH_SECRET)
turn = signed_key_file(7, cbor({1: 1, 2: RESERVE, 3: 1, 4: check, 5: CREATED}))
for replica in ("store-1", "store-2"):
    put(f"{replica}/epoch-0000000001.keys", key_file(5, RESERVE + struct.pack("<IH", 1, 1)) + records)
    put(f"{replica}/turn/1", turn)
for place in ("epoch-1", "epoch-2"):
    put(f"{place}/epoch-0000000001.secret", key_file(6, RESERVE + struct.pack("<I", 1) + EPOCH_SECRET))

# The host.
put("state/host/host.key", key_file(3, struct.pack("<H", 1) + RESERVE + WRITER + struct.pack("<q", CREATED) + scalar(SIGNING) + scalar(ENCRYPTION)
                                    + DIRECTORY + SPARE_KEY + public(KEY_ROLE) + "golden-host".encode()))
spares = b"".join((struct.pack("<H", suite_of(subject)) if HYBRID else b"") + pseudonym + struct.pack("<I", 1) + public(subject) + public_signature(pseudonym, subject) + writer_secret
                  for pseudonym, subject, writer_secret in SUBJECTS)
head = struct.pack("<H", 2 if HYBRID else 1) + RESERVE + struct.pack("<I", len(SUBJECTS)) + seq(0xD8, 12)
put("state/host/spares", key_file(4, head + AESGCM(SPARE_KEY).encrypt(head[-12:], spares, head)))
slots = b""
for fate in (1, 2):
    slot = SUBJECTS[0][0] + TAG + bytes([fate]) + bytes(7)
    slots += slot + hashlib.sha256(slot).digest()[:8]
put("state/host/spares.log", b"SPARELOG" + slots)

# The repository.
format_object = repository_object(1, cbor({1: 1, 2: RESERVE, 3: 1, 4: [], 5: [], 6: [], 7: CREATED, 8: hashlib.sha256(public(KEK)).digest()}), KEY_ROLE)
put("repository/format/1", format_object)
put("repository/format/2", format_object)
put(f"repository/writers/{WRITER.hex()}", repository_object(2, cbor(
    {1: 1, 2: RESERVE, 3: 1, 4: WRITER, 5: "golden-host", 6: public(SIGNING), 7: public(ENCRYPTION), 8: CREATED, 9: None}), KEY_ROLE))
pseudonym, subject, writer_secret = SUBJECTS[0]
put(f"repository/subjects/{TAG.hex()}", repository_object(3, cbor({
    1: suite_of(subject), 2: TAG, 3: pseudonym, 4: 1, 5: public(subject), 6: public_signature(pseudonym, subject), 7: WRITER,
    8: [[WRITER, seal(ENCRYPTION, b"sting1 ws" + RESERVE + pseudonym, writer_secret)]], 9: [ALIAS], 10: CREATED}), SIGNING))
put("data-key", seal(subject, b"sting1 dk" + RESERVE + pseudonym + struct.pack("<I", 1), seq(0x00, 32)))
