"""Seals uploads as STING-CE does, written from what app/services/honey_reserve_encryption.py and app/utils/vault_file_client.py of STING-CE 1.0.0 do, on python3-cryptography.

sting_seal.py random N   N uploads of random lengths, keys and nonces, one JSON object a line: master, user, plaintext (base64), value (what STING writes to Vault)
sting_seal.py vector     one upload, always the same
"""
import base64, hashlib, json, secrets, sys, uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def b64(data):
    return base64.b64encode(data).decode()


def seal(master, user, plaintext, file_key, file_nonce, key_nonce, created):
    salt = hashlib.sha256(user.encode()).digest()
    user_key = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=b"STING-CE-Honey-Reserve-v1").derive(master)
    data = file_nonce + AESGCM(file_key).encrypt(file_nonce, plaintext, None)
    key = key_nonce + AESGCM(user_key).encrypt(key_nonce, file_key, None)
    facts = {"algorithm": "AES-256-GCM", "key_derivation": "HKDF-SHA256", "version": "1.0", "user_id": user, "file_size": len(plaintext), "encrypted_size": len(data),
             "user_metadata": {"title": "Übersicht \"2026\""}}
    blob = json.dumps({"encrypted_data": b64(data), "encrypted_file_key": b64(key), "file_hash": hashlib.sha256(plaintext).hexdigest(), "encryption_metadata": json.dumps(facts),
                       "created_at": created}).encode()
    return {"data": b64(blob), "hash": hashlib.sha256(blob).hexdigest(), "size": len(blob), "metadata": {"title": "Übersicht"}}


def show(master, user, plaintext, value):
    print(json.dumps({"master": b64(master), "user": user, "plaintext": b64(plaintext), "value": value}))


if sys.argv[1] == "vector":
    count = bytes(range(256))
    user, text = "3f1c6a52-8a5e-4d0b-9c1e-2f6b7a8d9e10", b"honey "*8
    show(count[:32], user, text, seal(count[:32], user, text, count[32:64], count[64:76], count[76:88], "2026-01-02T03:04:05.678901"))
else:
    for i in range(int(sys.argv[2])):
        master, user, text = secrets.token_bytes(32), str(uuid.uuid4()), secrets.token_bytes(0 if i == 0 else secrets.randbelow(200000))
        show(master, user, text, seal(master, user, text, secrets.token_bytes(32), secrets.token_bytes(12), secrets.token_bytes(12), "2026-11-25T10:11:12.131415"))
