"""Writes an approver, a request, its approval and an audit chain from docs/repository-format.md §11 and docs/key-formats.md alone, without any code of the project.

The tests read what it wrote. Its output is committed; run it again only for a new format, into a new folder.
Needs Python's cryptography, 48 or later: python3 make_golden.py FOLDER
"""
import hashlib
import json
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

ROOT = sys.argv[1]
CREATED = 1768442400  # 2026-01-15 02:00:00 UTC
NS = 10**9


def seq(first, length):
    return bytes((first + i) & 0xFF for i in range(length))


def key(first):
    return ec.derive_private_key(int.from_bytes(seq(first, 32), "big"), ec.SECP256R1())


def public(private):
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def sign(private, data):
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sha(data):
    return hashlib.sha256(data).digest()


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


def put(path, content):
    path = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def repository_object(name, kind, fields, signer):
    framed = b"STINGBK\0" + struct.pack("<HH", kind, 1) + cbor(fields)
    framed += sign(signer, framed)
    put("repository/" + name, framed)
    return framed


RESERVE, WRITER = seq(0x10, 16), seq(0x20, 16)
KEY_ROLE, HOST, OFFICER = key(0x30), key(0x50), key(0x70)
OFFICER_ID = sha(public(OFFICER))[:16]
NAME = "Sécurité"
put("keys.hex", b"")
with open(os.path.join(ROOT, "keys.hex"), "w") as told:
    told.write(f"{public(KEY_ROLE).hex()}\n{public(HOST).hex()}\n{public(OFFICER).hex()}\n")

# The approver's two files.
salt, nonce = seq(0xD0, 16), seq(0xE0, 12)
fields = {1: 1, 2: bytes(16), 3: 1, 4: salt, 5: 64, 6: 2, 7: 1, 8: nonce}
stretched = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=64).derive("Zo\u00eb's golden passphrase".encode())
payload = cbor(fields | {9: AESGCM(stretched).encrypt(nonce, seq(0x70, 32), cbor(fields))})
framed = b"STINGKEY" + struct.pack("<HHI", 11, 1, len(payload)) + payload
put("officer.approver", framed + sha(framed))
payload = cbor({1: 1, 2: public(OFFICER), 3: NAME, 4: CREATED * NS})
framed = b"STINGKEY" + struct.pack("<HHI", 12, 1, len(payload)) + payload
put("officer.approver.pub", framed + sign(OFFICER, framed))

# His enrolment.
enrolment = {1: 1, 2: RESERVE, 3: 1, 4: OFFICER_ID, 5: NAME, 6: public(OFFICER), 7: CREATED * NS, 8: None}
repository_object(f"approvers/{OFFICER_ID.hex()}", 13, enrolment, KEY_ROLE)

# A plan, the request for it, and its approval.
COMMAND, TARGET = "Remove-StingSubject", "user:zoë"
FACTS = [("Packs", "3"), ("Items", "12"), ("Ähnlich", "ja")]
SUBJECTS = [seq(0x01, 16), seq(0x02, 16)]
REQUEST, ACTOR = seq(0x90, 16), "zoe@host-a"
ASKED, EXPIRES = CREATED + 60, CREATED + 60 + 7 * 86400
plan = sha(b"sting1 plan" + cbor({1: COMMAND, 2: TARGET, 3: [[n, v] for n, v in sorted(FACTS, key=lambda f: f[0].encode())], 4: sorted(SUBJECTS)}))
request = sha(b"sting1 request" + cbor({1: 1, 2: RESERVE, 3: REQUEST, 4: plan, 5: ACTOR, 6: WRITER, 7: ASKED * NS, 8: EXPIRES * NS}))
GIVEN = ASKED + 3600
message = b"sting1 approval" + cbor({1: 1, 2: RESERVE, 3: REQUEST, 4: plan, 5: request, 6: OFFICER_ID, 7: GIVEN * NS, 8: EXPIRES * NS})
approval = sign(OFFICER, message)


def moment(seconds):
    import datetime
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


put(f"approvals/{REQUEST.hex()}.request", json.dumps({
    "kind": "sting approval request", "version": 1, "id": REQUEST.hex(), "reserve": RESERVE.hex(), "command": COMMAND, "target": TARGET,
    "facts": [{"name": n, "value": v} for n, v in FACTS], "subjects": [s.hex() for s in SUBJECTS], "requester": ACTOR, "writer": WRITER.hex(),
    "created": moment(ASKED), "expires": moment(EXPIRES), "planDigest": plan.hex()}).encode())
put(f"approvals/{REQUEST.hex()}.approval", json.dumps({
    "kind": "sting approval", "version": 1, "reserve": RESERVE.hex(), "request": REQUEST.hex(), "planDigest": plan.hex(), "requestDigest": request.hex(),
    "approver": OFFICER_ID.hex(), "given": moment(GIVEN), "expires": moment(EXPIRES), "signature": approval.hex()}).encode())

# The chain: the first approver, requested, approved, executed.
previous = bytes(32)
for number, (what, verb, digest, touched, asked, approvals, outcome) in enumerate([
        (4, "Register-StingApprover", bytes(32), [OFFICER_ID], bytes(16), [], "FirstApprover"),
        (1, COMMAND, plan, sorted(SUBJECTS), REQUEST, [], ""),
        (2, COMMAND, plan, sorted(SUBJECTS), REQUEST, [[OFFICER_ID, request, GIVEN * NS, EXPIRES * NS, approval]], ""),
        (4, COMMAND, plan, sorted(SUBJECTS), REQUEST, [], "Completed")], 1):
    record = repository_object(f"audit/{WRITER.hex()}/{number:012d}", 12, {
        1: RESERVE, 2: WRITER, 3: number, 4: previous, 5: (CREATED + number * 7200) * NS, 6: what, 7: verb, 8: ACTOR, 9: digest, 10: touched, 11: asked, 12: approvals, 13: outcome}, HOST)
    previous = sha(record)
