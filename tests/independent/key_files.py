"""The keys that an independent reader needs, opened from docs/key-formats.md alone: see read_pack.py."""
import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


class Bad(Exception):
    """What does not hold, by the name of the object."""


def need(condition, name, why):
    if not condition:
        raise Bad(f"{name}: {why}")


class Reader:
    """Takes little-endian values off the front of bytes."""

    def __init__(self, data, name):
        self.data, self.at, self.name = memoryview(data), 0, name

    def take(self, size):
        need(0 <= size <= len(self.data) - self.at, self.name, "it ends too early")
        self.at += size
        return bytes(self.data[self.at - size:self.at])

    def __call__(self, form):
        values = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
        return values if len(values) > 1 else values[0]

    def end(self):
        need(self.at == len(self.data), self.name, "something follows its end")


def cbor(data, name):
    """CBOR in the deterministic form of CTAP2: whole numbers, byte strings, texts, arrays, maps by ascending number, null."""
    r = Reader(data, name)

    def value():
        first = r.take(1)[0]
        major, info = first >> 5, first & 31
        if first == 0xF6:
            return None
        need(major < 6 and info < 28, name, "CBOR of another form")
        number = info if info < 24 else int.from_bytes(r.take(1 << info - 24), "big")
        need(info < 24 or number >= (24 if info == 24 else 1 << (8 << info - 25)), name, "a number that is not the shortest")
        if major < 2:
            return number if major == 0 else -1 - number
        if major < 4:
            return r.take(number) if major == 2 else r.take(number).decode()
        if major == 4:
            return [value() for _ in range(number)]
        result = {}
        for _ in range(number):
            key = value()
            need(isinstance(key, int) and key > max(result, default=-1), name, "map keys that do not ascend")
            result[key] = value()
        return result

    result = value()
    r.end()
    return result


def point_of(public):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)


def verify(publics, data, signature, name):
    """By one of some public keys."""
    need(len(signature) == 64, name, "its signature has a wrong length")
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    for public in publics:
        try:
            return point_of(public).verify(der, data, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            pass
    raise Bad(f"{name}: its signature does not fit")


def key_roles(statements, reserve, name):
    """The key role's public keys, newest first: each was named as the next by a statement that the one before and it signed."""
    r, keys = Reader(statements, name), []
    while r.at < len(r.data):
        start, expected = r.at, max(len(keys), 1)
        number, _, earlier, later = r("Iq65s65s")
        message = b"sting1 next" + reserve + bytes(r.data[start:r.at])
        need(number == expected and earlier == (keys or [earlier])[-1], name, "a statement of the key role's keys does not follow the one before it")
        for signer in (earlier, later):
            verify([signer], message, r.take(64), name)
        keys = (keys or [earlier]) + [later]
    need(len(keys) > 1 and len(set(keys)) == len(keys), name, "its statements of the key role's keys cannot be")
    return keys[::-1]


def expand(secret, info, length):
    return HKDFExpand(hashes.SHA256(), length, info).derive(secret)


def hpke_open(scalar, message, info, name):
    """RFC 9180, base mode, single shot, 0x0010/0x0001/0x0002, without associated data: enc 65, ciphertext, tag."""
    kem, suite = b"KEM\x00\x10", b"HPKE\x00\x10\x00\x01\x00\x02"

    def labeled_extract(salt, suite_id, label, ikm):
        return hmac.new(salt or bytes(32), b"HPKE-v1" + suite_id + label + ikm, hashlib.sha256).digest()

    def labeled_expand(prk, suite_id, label, context, length):
        return expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + context, length)

    try:
        private = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
        own = private.public_key().public_numbers()
        shared = private.exchange(ec.ECDH(), point_of(message[:65]))
        context = message[:65] + b"\x04" + own.x.to_bytes(32, "big") + own.y.to_bytes(32, "big")
        secret = labeled_expand(labeled_extract(b"", kem, b"eae_prk", shared), kem, b"shared_secret", context, 32)
        context = b"\x00" + labeled_extract(b"", suite, b"psk_id_hash", b"") + labeled_extract(b"", suite, b"info_hash", info)
        secret = labeled_extract(secret, suite, b"secret", b"")
        key, nonce = labeled_expand(secret, suite, b"key", context, 32), labeled_expand(secret, suite, b"base_nonce", context, 12)
        return AESGCM(key).decrypt(nonce, message[65:], None)
    except (InvalidTag, ValueError):
        raise Bad(f"{name}: what is sealed there does not open") from None


def key_file(path, kind):
    name = os.path.basename(path)
    with open(path, "rb") as file:
        r = Reader(file.read(), name)
    magic, found, version, length = r("8sHHI")
    need((magic, found, version) == (b"STINGKEY", kind, 1), name, f"it is no key file of kind {kind} and version 1")
    return r.take(length), r


def signed_key_file(path, kind, key_roles_of):
    payload, r = key_file(path, kind)
    signed = bytes(r.data[:r.at])
    fields = cbor(payload, r.name)
    need(fields[1] == 1, r.name, f"suite {fields[1]} is unknown to this reader")
    verify(key_roles_of(fields), signed, r.take(64), r.name)
    r.end()
    return fields


def checked_key_file(path, kind, more=False):
    payload, r = key_file(path, kind)
    need(hashlib.sha256(r.data[:r.at]).digest() == r.take(32), r.name, "its checksum does not fit")
    if not more:
        r.end()
    return (payload, r) if more else payload


class Keys:
    """What a key directory without passphrase, one replica of the key store and one epoch place give: subjects' private keys and writer secrets."""

    def __init__(self, directory, store, place, fingerprint):
        public = signed_key_file(os.path.join(directory, "reserve.pub"), 1, lambda fields: [fields[5]])
        self.reserve, self.key_roles = public[2], [public[5]]
        self.learn(public.get(102), "reserve.pub")
        need(self.key_roles[0] == public[5], "reserve.pub", "its statements lead to another key than the one that it names")
        need(fingerprint in (hashlib.sha256(key).hexdigest() for key in self.key_roles), "reserve.pub", "it names another key role than the one to trust")
        private = cbor(checked_key_file(os.path.join(directory, "reserve.key"), 2), "reserve.key")
        need((private[1], private[2]) == (1, self.reserve), "reserve.key", "it belongs to another reserve, or another suite")
        need(private[3] == 0, "reserve.key", "it has a passphrase, or its key lies in a Vault")
        body = Reader(private[9], "reserve.key")
        body.take(32 + 32)    # the key role's private key and the directory key: no reader of packs needs them
        self.keks = dict(body("I32s") for _ in range(body("H") & 0x7FFF))    # the top bit: a signing key that is to follow stands at the end

        self.epoch = max(int(name) for name in os.listdir(os.path.join(store, "turn")) if name.isdecimal())
        turn = signed_key_file(os.path.join(store, "turn", str(self.epoch)), 7, lambda fields: self.key_roles)
        reserve, epoch, secret = Reader(checked_key_file(os.path.join(place, f"epoch-{self.epoch:010}.secret"), 6), "the epoch secret")("16sI32s")
        need((turn[2], turn[3]) == (reserve, epoch) == (self.reserve, self.epoch), "the epoch secret", "it belongs to another reserve or epoch")
        need(hmac.compare_digest(expand(secret, b"sting1 turn" + reserve + struct.pack("<I", epoch), 32), turn[4]), "the epoch secret", "it is not the turn's")
        self.unknown = {}
        self.records = dict(self.read_records(os.path.join(store, f"epoch-{self.epoch:010}.keys"), AESGCM(secret)))

    def learn(self, statements, name):
        """Takes over statements that have the key in force, as far as it is known, among theirs."""
        found = key_roles(statements, self.reserve, name) if statements else []
        if self.key_roles[0] in found and len(found) > len(self.key_roles):
            self.key_roles = found

    def read_records(self, path, cipher):
        payload, r = checked_key_file(path, 5, more=True)
        need(Reader(payload, r.name)("16sIH") == (self.reserve, self.epoch, 1), r.name, "it belongs to another reserve or epoch")
        while r.at < len(r.data):
            start = r.at
            magic, length = r("4sI")
            record = Reader(r.take(length), r.name)
            check = hashlib.sha256(r.data[start:r.at]).digest()[:8]
            need(magic == b"SREC" and check == r.take(8), r.name, f"the record at {start} is damaged")
            suite, kek, pseudonym, generation, nonce = record("HI16sI12s")
            if suite != 1:
                self.unknown[pseudonym] = suite    # no business of this reader, until somebody asks for it
            else:
                bound = b"sting1 rec" + struct.pack("<16sI16sIHI", self.reserve, self.epoch, pseudonym, generation, suite, kek)
                yield (pseudonym, generation), (kek, cipher.decrypt(nonce, record.take(len(record.data) - record.at), bound))

    def subject(self, pseudonym, generation):
        """The private key and the writer secret of a subject, or none: it was erased."""
        if (pseudonym, generation) not in self.records:
            return None
        kek, inner = self.records[pseudonym, generation]
        info = b"sting1 kek" + self.reserve + pseudonym + struct.pack("<I", generation)
        return Reader(hpke_open(self.keks[kek], inner, info, f"the key record of {pseudonym.hex()}"), "a key record")("32s32s")

    def newest(self, pseudonym):
        """The newest generation of a subject's key."""
        need(pseudonym not in self.unknown, f"subject {pseudonym.hex()}", f"its key is of suite {self.unknown.get(pseudonym)}, which is unknown to this reader")
        return max((generation for owner, generation in self.records if owner == pseudonym), default=None)
