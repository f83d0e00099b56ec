"""Drives a Vault server by hvac, an independent client: what this project's own client does must be what others do. Usage: hvac_contract.py ADDRESS ROOT_TOKEN"""
import base64
import sys

import hvac
from hvac import exceptions

address, root_token = sys.argv[1:]
root = hvac.Client(url=address, token=root_token)


def refused(kind, act):
    try:
        act()
    except kind:
        return
    raise AssertionError(f"{act} was not refused by {kind.__name__}")


assert root.sys.is_initialized() and not root.sys.is_sealed()
assert root.sys.read_health_status(method="GET")["sealed"] is False
assert root.is_authenticated()

# KV version 2
kv = root.secrets.kv.v2
made = kv.create_or_update_secret(path="files/7/report/a", secret={"x": "ü", "n": 1}, cas=0, mount_point="sting")
assert made["data"]["version"] == 1
refused(exceptions.InvalidRequest, lambda: kv.create_or_update_secret(path="files/7/report/a", secret={"x": 2}, cas=0, mount_point="sting"))
kv.create_or_update_secret(path="files/7/report/a", secret={"x": 2}, cas=1, mount_point="sting")
assert kv.read_secret_version(path="files/7/report/a", mount_point="sting")["data"]["data"] == {"x": 2}
assert kv.read_secret_version(path="files/7/report/a", version=1, mount_point="sting")["data"]["data"] == {"x": "ü", "n": 1}
assert kv.list_secrets(path="files/7", mount_point="sting")["data"]["keys"] == ["report/"]
metadata = kv.read_secret_metadata(path="files/7/report/a", mount_point="sting")["data"]
assert metadata["current_version"] == 2 and set(metadata["versions"]) == {"1", "2"}
kv.delete_latest_version_of_secret(path="files/7/report/a", mount_point="sting")
refused(exceptions.InvalidPath, lambda: kv.read_secret_version(path="files/7/report/a", mount_point="sting"))
kv.undelete_secret_versions(path="files/7/report/a", versions=[2], mount_point="sting")
assert kv.read_secret_version(path="files/7/report/a", mount_point="sting")["data"]["data"] == {"x": 2}
kv.destroy_secret_versions(path="files/7/report/a", versions=[1], mount_point="sting")
refused(exceptions.InvalidPath, lambda: kv.read_secret_version(path="files/7/report/a", version=1, mount_point="sting"))
kv.configure(max_versions=2, mount_point="sting")
assert kv.read_configuration(mount_point="sting")["data"]["max_versions"] == 2
kv.update_metadata(path="files/7/report/a", max_versions=3, mount_point="sting")
kv.delete_metadata_and_all_versions(path="files/7/report/a", mount_point="sting")
refused(exceptions.InvalidPath, lambda: kv.read_secret_metadata(path="files/7/report/a", mount_point="sting"))

# policies, AppRole, tokens
root.sys.create_or_update_policy(name="reader", policy='path "sting/data/files/*" { capabilities = ["read"] }')
root.auth.approle.create_or_update_approle("backup", token_policies=["reader"], token_ttl="10m", secret_id_num_uses=1)
role_id = root.auth.approle.read_role_id("backup")["data"]["role_id"]
secret_id = root.auth.approle.generate_secret_id("backup")["data"]["secret_id"]
kv.create_or_update_secret(path="files/8/report/b", secret={"x": 3}, mount_point="sting")
reader = hvac.Client(url=address)
login = reader.auth.approle.login(role_id=role_id, secret_id=secret_id)
assert login["auth"]["lease_duration"] == 600
assert reader.secrets.kv.v2.read_secret_version(path="files/8/report/b", mount_point="sting")["data"]["data"] == {"x": 3}
refused(exceptions.Forbidden, lambda: reader.secrets.kv.v2.list_secrets(path="files", mount_point="sting"))
refused(exceptions.Forbidden, lambda: reader.secrets.kv.v2.create_or_update_secret(path="files/8/report/b", secret={}, mount_point="sting"))
refused(exceptions.InvalidRequest, lambda: hvac.Client(url=address).auth.approle.login(role_id=role_id, secret_id=secret_id))
assert reader.auth.token.lookup_self()["data"]["policies"] == ["default", "reader"]
assert reader.auth.token.renew_self()["auth"]["renewable"] is True
reader.auth.token.revoke_self()
refused(exceptions.Forbidden, lambda: reader.auth.token.lookup_self())

# transit: what a key file is sealed, opened, rewrapped by
transit = root.secrets.transit
transit.create_key(name="contract", mount_point="transit")
described = transit.read_key(name="contract", mount_point="transit")["data"]
assert described["latest_version"] == 1 and described["min_decryption_version"] == 1 and not described["deletion_allowed"] and not described["exportable"]
plain = base64.b64encode(bytes(range(64))).decode()
first = transit.encrypt_data(name="contract", plaintext=plain, mount_point="transit")["data"]["ciphertext"]
assert first.startswith("vault:v1:") and first != transit.encrypt_data(name="contract", plaintext=plain, mount_point="transit")["data"]["ciphertext"]
assert transit.decrypt_data(name="contract", ciphertext=first, mount_point="transit")["data"]["plaintext"] == plain
transit.rotate_key(name="contract", mount_point="transit")
assert transit.read_key(name="contract", mount_point="transit")["data"]["latest_version"] == 2
second = transit.rewrap_data(name="contract", ciphertext=first, mount_point="transit")["data"]["ciphertext"]
assert second.startswith("vault:v2:")
assert transit.decrypt_data(name="contract", ciphertext=second, mount_point="transit")["data"]["plaintext"] == plain
assert transit.decrypt_data(name="contract", ciphertext=first, mount_point="transit")["data"]["plaintext"] == plain
transit.update_key_configuration(name="contract", min_decryption_version=2, mount_point="transit")
refused(exceptions.InvalidRequest, lambda: transit.decrypt_data(name="contract", ciphertext=first, mount_point="transit"))
refused(exceptions.InvalidRequest, lambda: transit.rewrap_data(name="contract", ciphertext=first, mount_point="transit"))
assert transit.decrypt_data(name="contract", ciphertext=second, mount_point="transit")["data"]["plaintext"] == plain
tail = "A" if second[-5] != "A" else "B"
refused(exceptions.InvalidRequest, lambda: transit.decrypt_data(name="contract", ciphertext=second[:-5] + tail + second[-4:], mount_point="transit"))
refused(exceptions.InvalidRequest, lambda: transit.decrypt_data(name="contract", ciphertext="no ciphertext", mount_point="transit"))
refused(exceptions.InvalidRequest, lambda: transit.decrypt_data(name="absent", ciphertext=second, mount_point="transit"))
refused(exceptions.InvalidRequest, lambda: transit.update_key_configuration(name="contract", min_decryption_version=3, mount_point="transit"))
refused(exceptions.InvalidRequest, lambda: transit.delete_key(name="contract", mount_point="transit"))
root.sys.create_or_update_policy(name="wrapper", policy='path "transit/encrypt/contract" { capabilities = ["update"] }\npath "transit/rewrap/contract" { capabilities = ["update"] }')
wrapper = hvac.Client(url=address, token=root.auth.token.create(policies=["wrapper"])["auth"]["client_token"]).secrets.transit
assert wrapper.rewrap_data(name="contract", ciphertext=second, mount_point="transit")["data"]["ciphertext"].startswith("vault:v2:")
refused(exceptions.Forbidden, lambda: wrapper.decrypt_data(name="contract", ciphertext=second, mount_point="transit"))
refused(exceptions.Forbidden, lambda: wrapper.rotate_key(name="contract", mount_point="transit"))
transit.update_key_configuration(name="contract", deletion_allowed=True, mount_point="transit")
transit.delete_key(name="contract", mount_point="transit")
refused(exceptions.InvalidPath, lambda: transit.read_key(name="contract", mount_point="transit"))

# the seal
root.sys.seal()
refused(exceptions.VaultDown, lambda: kv.read_secret_version(path="files/8/report/b", mount_point="sting"))
assert root.sys.is_sealed()
print("hvac agrees")
