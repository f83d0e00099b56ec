"""An independent reader: opens a repository from docs/repository-format.md and docs/key-formats.md alone, without any code of the project.

    read_pack.py REPOSITORY --fingerprint HEX --keys FOLDER --store FOLDER --epoch FOLDER [--point WRITER/SEQ] [--out FOLDER]

It walks from the signature of a point (the newest, unless told) down to the bytes of its files, checks each step, and prints a line a file: SHA-256, two spaces, path.
What does not hold is named on standard error, and the exit code is 1. It reads format 1, suites 0 and 1, and key files without a passphrase.
Needs Python 3.9, its package cryptography (38 or later), and for zstd the package zstandard or the program zstd.
"""
import argparse
import functools
import hashlib
import hmac
import os
import struct
import subprocess
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from key_files import Bad, Keys, Reader, cbor, expand, hpke_open, need, verify

try:
    import zstandard
except ImportError:
    zstandard = None

DATA, TREE, SUBJECTS = 1, 2, 3    # types of chunks
HOLE = 0xFFFFFFFF


def unpack(codec, content, raw_length, name):
    if codec == 1 and zstandard:
        content = zstandard.ZstdDecompressor().decompress(content, max_output_size=raw_length)
    elif codec == 1:
        content = subprocess.run(["zstd", "-dcq"], input=content, capture_output=True, check=True).stdout
    else:
        need(codec == 0, name, f"codec {codec} is unknown to this reader")
    need(len(content) == raw_length, name, "a chunk has another length than its record says")
    return content


class Repository:
    def __init__(self, root, keys):
        self.root, self.keys, self.packs, self.data_keys, self.id_keys = root, keys, {}, {}, {}
        self.writers, self.maintainers, self.index = {}, set(), {}
        self.check_format()
        self.load_writers()
        self.points, self.ledger, self.drops = self.load_points(), self.load_ledger(), self.load_drops()
        self.load_index()

    def names(self, prefix):
        for folder, _, files in os.walk(os.path.join(self.root, prefix)):
            yield from (os.path.relpath(os.path.join(folder, file), self.root).replace(os.sep, "/") for file in files)

    def read(self, name, kind):
        with open(os.path.join(self.root, name), "rb") as file:
            r = Reader(file.read(), name)
        magic, found, version = r("8sHH")
        need((magic, found, version) == (b"STINGBK\0", kind, 1), name, f"it is no object of kind {kind} and version 1")
        return r

    def signed(self, name, kind, signer_of):
        """The fields of a signed object, and the SHA-256 of its bytes."""
        r = self.read(name, kind)
        fields = cbor(r.data[r.at:-64], name)
        verify(signer_of(fields), bytes(r.data[:-64]), bytes(r.data[-64:]), name)
        return fields, hashlib.sha256(r.data).digest()

    def by_key_role(self, name, kind):
        fields, digest = self.signed(name, kind, lambda _: self.keys.key_roles)
        need((fields[1], fields[2]) == (1, self.keys.reserve), name, "it belongs to another reserve, or another suite")
        return fields, digest

    def check_format(self):
        """Any slot with a valid signature will do; the highest revision counts."""
        found, why = [], []
        for name in self.names("format"):
            try:
                r = self.read(name, 1)
                self.keys.learn(cbor(r.data[r.at:-64], name).get(100), name)    # they prove themselves
                found.append(self.by_key_role(name, 1)[0])
            except Bad as bad:
                why.append(str(bad))
        need(found, "format", "; ".join(why) or "there is none")
        features = max(found, key=lambda fields: fields[3])[4]
        need(features == [], "format", f"it asks for features {features} of a reader")

    def load_writers(self):
        revisions, signers = {}, {}
        for name in self.names("writers"):
            fields, _ = self.by_key_role(name, 2)
            signers.setdefault(fields[4], []).append(fields[6])    # what the key of an earlier revision signed stays good
            if fields[3] > revisions.get(fields[4], 0):
                revisions[fields[4]], self.writers[fields[4]] = fields[3], (signers[fields[4]], fields[9])
                self.maintainers.add(fields[4]) if fields.get(100, 0) & 1 else self.maintainers.discard(fields[4])

    def signing_keys(self, writer, seq, name):
        need(writer in self.writers, name, "its writer is not enrolled")
        keys, last = self.writers[writer]
        need(last is None or seq <= last, name, "its writer was revoked before it")
        return keys

    def load_points(self):
        points, before = {}, {}
        for name in sorted(self.names("points")):
            fields, digest = self.signed(name, 4, lambda f: self.signing_keys(f[2], f[3], name))
            writer, seq = fields[2], fields[3]
            need(fields[1] == self.keys.reserve and name == f"points/{writer.hex()}/{seq:012}", name, "it belongs elsewhere")
            need(fields[4] == before.get((writer, seq - 1), bytes(32)) and (seq == 1 or (writer, seq - 1) in before), name, "it does not follow the point before it")
            before[writer, seq] = digest
            if fields.get(12, 0) == 0:
                points[name[len("points/"):]] = fields
        return points

    def load_drops(self):
        """Writer, number and class of each part that retention let go: it is given to nobody."""
        dropped = set()
        for name in sorted(self.names("drops")):
            fields, digest = self.signed(name, 5, lambda f: self.writers.get(f[2], (None, None))[0] or need(False, name, "its writer is not enrolled"))
            need((fields[1], name) == (self.keys.reserve, f"drops/{digest.hex()}"), name, "it belongs elsewhere")
            need(fields[2] in self.maintainers, name, "its writer may let nothing go")
            last = self.writers[fields[2]][1]
            if last is None or fields[3] <= last:
                dropped.update((writer, seq, data_class) for writer, seq, data_class, *_ in fields[5])
        return dropped

    def parts(self, point):
        """The classes of a point less those that were let go."""
        return [part for part in point[11] if (point[2], point[3], part[0]) not in self.drops]

    def load_ledger(self):
        """Pseudonyms of the erased by the hash of each entry, as far as that one."""
        erased, last, heads = set(), bytes(32), {bytes(32): frozenset()}
        for seq, name in enumerate(sorted(self.names("ledger")), 1):
            fields, digest = self.by_key_role(name, 11)
            need((fields[3], fields[4], name) == (seq, last, f"ledger/{seq:012}"), name, "it does not follow the entry before it")
            erased.add(fields[5])
            last, heads[digest] = digest, frozenset(erased)
        return heads

    def load_index(self):
        fragments, superseded = [], set()
        for name in sorted(self.names("index")):
            r = self.read(name, 6)
            need(hashlib.sha256(r.data).hexdigest() == name.split("/")[2], name, "its SHA-256 is not its name")
            reserve, writer, seq, _, flags, packs, segments, entries, removes, supersedes = r("16s16sQIIIIIII")
            need(reserve == self.keys.reserve, name, "it belongs to another reserve")
            if flags & 1 == 0:
                verify(self.signing_keys(writer, seq, name), bytes(r.data[:-64]), bytes(r.data[-64:]), name)
            replaces = [f"index/{level}/{fragment.hex()}" for level, fragment in (r("I32s") for _ in range(supersedes))]
            removed = [r("32s") for _ in range(removes)]
            if flags & 1 == 0:
                superseded.update(replaces)
            else:  # what nobody signed for takes nothing away
                removed = []
            packs = [r("32sQHHI")[0:3:2] for _ in range(packs)]
            headers = [(r("II"), segment_header(r)) for _ in range(segments)]
            fragments.append((name, removed, packs, headers, [r("32sIIII") for _ in range(entries)]))
            r.take(64)
            r.end()
        fragments = [fragment for fragment in fragments if fragment[0] not in superseded]
        gone = {pack for _, removed, *_ in fragments for pack in removed}
        for _, _, packs, headers, entries in fragments:
            for chunk, segment, offset, stored, raw in entries:
                (rank, at), header = headers[segment]
                pack, kind = packs[rank]
                if pack not in gone:
                    self.index[chunk] = (f"{'meta' if kind == 7 else 'data'}/{pack.hex()[:2]}/{pack.hex()}", at, header, offset, stored, raw)

    def pack(self, name):
        """A pack's bytes, proven by its name."""
        if name not in self.packs:
            r = self.read(name, 7 if name.startswith("meta/") else 8)
            need(hashlib.sha256(r.data).hexdigest() == name.split("/")[2], name, "its SHA-256 is not its name: the pack is damaged")
            need(r("16s") == self.keys.reserve, name, "it belongs to another reserve")
            self.packs[name] = r.data
        return self.packs[name]

    def segment_key(self, header, name):
        suite, generation, pseudonym, salt, commitment, sealed = header
        need(suite == 1, name, f"a segment uses suite {suite}, which is unknown to this reader")
        if header not in self.data_keys:
            bound = self.keys.reserve + pseudonym + struct.pack("<I", generation)
            subject = self.keys.subject(pseudonym, generation)
            need(subject, name, f"there is no key of subject {pseudonym.hex()}")
            data_key = hpke_open(subject[0], sealed, b"sting1 dk" + bound, name)
            output = HKDF(hashes.SHA256(), 64, salt, b"sting1 seg" + bound).derive(data_key)
            need(hmac.compare_digest(output[32:], commitment), name, "a segment's commitment does not fit its key")
            self.data_keys[header] = AESGCM(output[:32])
        return self.data_keys[header]

    @functools.lru_cache(maxsize=4)    # many small files lie in one chunk, one after the other
    def chunk(self, wanted, kind, pseudonym=bytes(16)):
        """Table and body of a chunk, its id recomputed."""
        need(wanted in self.index, wanted.hex(), "no fragment of the index has this chunk")
        name, at, header, offset, stored, raw = self.index[wanted]
        pack = self.pack(name)
        in_pack = Reader(pack, name)
        in_pack.at = at
        need(segment_header(in_pack) == header, name, f"the segment at {at} is not the one that the index names")
        need(header[2] == pseudonym and (header[0] == 0) == (kind == SUBJECTS), name, "a chunk lies in another subject's segment")
        r = Reader(pack[offset:offset + stored], name)
        length, table_length, ordinal, raw_length, type_, codec, _ = r("IIIIBBH")
        need((length, raw_length, type_) == (stored, raw, kind), name, f"the record at {offset} is not the one that the index names")
        table, content = r.take(table_length), r.take(stored - 20 - table_length)
        if kind != SUBJECTS:
            associated = struct.pack("<BBII", type_, codec, ordinal, raw_length) + wanted + table
            try:
                content = self.segment_key(header, name).decrypt(struct.pack("<QI", ordinal, 0), content, associated)
            except InvalidTag:
                raise Bad(f"{name}: the chunk at {offset} does not open") from None
        body = unpack(codec, content, raw_length, name)
        if kind == SUBJECTS:
            own = hashlib.sha256(b"\x03" + body).digest()
        else:
            own = hmac.new(self.id_key(pseudonym, header[1]), bytes([kind]) + table + body, hashlib.sha256).digest()
        need(hmac.compare_digest(own, wanted), name, f"the chunk at {offset} has another id than its bytes")
        return table, body

    def id_key(self, pseudonym, generation):
        """By the writer secret of the generation that a segment names: a later one may have another."""
        if (pseudonym, generation) not in self.id_keys:
            self.id_keys[pseudonym, generation] = expand(self.keys.subject(pseudonym, generation)[1], b"sting1 id", 32)
        return self.id_keys[pseudonym, generation]

    def rows(self, point):
        """Class and row of every subject of a point."""
        for data_class, pages, subjects, *_ in self.parts(point):
            count = 0
            for page in pages:
                r = Reader(self.chunk(page, SUBJECTS)[1], f"subject page {page.hex()}")
                for _ in range(r("I")):
                    yield data_class, *r("16s32sqq")
                    count += 1
                r.end()
            need(count == subjects, f"class {data_class}", "its subject table has another length than the point says")


def segment_header(r):
    magic, suite, sealed_length, generation, pseudonym, salt, commitment, _, _ = r("4sHHI16s32s32sII")
    need(magic == b"SEG1", r.name, "a segment does not start with its magic")
    return suite, generation, pseudonym, salt, commitment, r.take(sealed_length)


class Tree:
    """The items of one subject in one class."""

    def __init__(self, repository, pseudonym):
        self.repository, self.pseudonym = repository, pseudonym

    def page(self, page_id, is_root):
        table, body = self.repository.chunk(page_id, TREE, self.pseudonym)
        t, r = Reader(table, f"tree page {page_id.hex()}"), Reader(body, f"tree page {page_id.hex()}")
        level, root, _, pages, chunks = t("BBHII")
        need(root == is_root, r.name, "a root page stands where none belongs, or the other way round")
        pages, chunks = [t.take(32) for _ in range(pages)], [t.take(32) for _ in range(chunks)]
        t.end()
        if root:
            r.take(r("H"))    # the subject's canonical name
        return level, pages, chunks, r

    def items(self, page_id, above=None):
        """Path, kind, attributes and extents of each item below a page; an extent is chunk id or none, offset, length."""
        level, pages, chunks, r = self.page(page_id, 1 if above is None else 0)
        need(level < 255 and above in (None, level + 1), r.name, "a page has a level that does not belong there")
        path = b""
        for _ in range(r("I")):
            shared, rest = r("II")
            path = path[:shared] + r.take(rest)
            if level == 0:
                yield path, *self.item(r, pages, chunks)
                continue
            rank, _, _ = r("Iqq")
            yield from self.items(pages[rank], level)
        r.end()

    def item(self, r, pages, chunks):
        kind, attributes = r("B"), {}
        for _ in range(r("H")):
            number, flags, length = r("HBI")
            need(number <= 13 or flags & 1 == 0, r.name, f"an item has attribute {number}, which is unknown to this reader")
            attributes[number] = r.take(length)
        length, content = r("qB")
        extents = []
        if content == 1:
            extents = self.extents(r, chunks)
        elif content == 2:
            for rank, covered in [r("Iq") for _ in range(r("I"))]:
                level, _, below, page = self.page(pages[rank], 0)
                need(level == 255, page.name, "it should hold the extents of a long file")
                part = self.extents(page, below)
                page.end()
                need(sum(extent[2] for extent in part) == covered, page.name, "its extents have another length than the item says")
                extents += part
        need(content < 3 and (content == 0 or sum(extent[2] for extent in extents) == length), r.name, "the extents of a file do not add up to its length")
        return kind, attributes, extents

    @staticmethod
    def extents(r, chunks):
        return [(None if rank == HOLE else chunks[rank], offset, length) for rank, offset, length in [r("IIq") for _ in range(r("I"))]]

    def content(self, extents):
        for chunk, offset, length in extents:
            body = bytes(length) if chunk is None else self.repository.chunk(chunk, DATA, self.pseudonym)[1][offset:offset + length]
            need(len(body) == length, chunk and chunk.hex(), "an extent reaches past its chunk")
            yield body


def safe(path):
    parts = path.split(b"/")
    need(all(part not in (b"", b".", b"..") and b"\0" not in part for part in parts), path.decode(errors="replace"), "no path of an item")
    return os.path.join(*(os.fsdecode(part) for part in parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository")
    for option in ("--fingerprint", "--keys", "--store", "--epoch"):
        parser.add_argument(option, required=True)
    parser.add_argument("--point")
    parser.add_argument("--out")
    o = parser.parse_args()
    failures = 0
    try:
        repository = Repository(o.repository, Keys(o.keys, o.store, o.epoch, o.fingerprint))
        standing = [name for name, point in repository.points.items() if repository.parts(point)]
        need(standing, "points", "there is none")
        chosen = o.point or max(standing, key=lambda name: (100 not in repository.points[name], repository.points[name][8], repository.points[name][3]))
        need(chosen in standing, chosen, "there is no such point, or it was let go")
        point = repository.points[chosen]
        need(point[13] in repository.ledger, f"points/{chosen}", "the ledger of erasures is not the one that its writer saw")
        erased = max(repository.ledger.values(), key=len)
        rows = list(repository.rows(point))
    except Bad as bad:
        sys.exit(f"{bad}")
    for data_class, pseudonym, root, items, length in rows:
        try:
            need(pseudonym not in erased, f"subject {pseudonym.hex()}", "it was erased")
            need(repository.keys.newest(pseudonym), f"subject {pseudonym.hex()}", "the key store has no key of it")
            failures += read_subject(Tree(repository, pseudonym), root, items, length, o.out)
        except Bad as bad:
            failures += 1
            print(bad, file=sys.stderr)
    sys.exit(1 if failures else 0)


def read_subject(tree, root, items, length, out):
    failures = 0
    for path, kind, _, extents in tree.items(root):
        items, length = items - 1, length - sum(extent[2] for extent in extents)
        if kind != 1:
            continue
        name = safe(path)
        try:
            content = b"".join(tree.content(extents))
        except Bad as bad:
            failures += 1
            print(f"{name}: {bad}", file=sys.stderr)
            continue
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")
        if out:
            target = os.path.join(out, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb") as file:
                file.write(content)
    need((items, length) == (0, 0), f"subject {tree.pseudonym.hex()}", "its tree has other totals than the subject table says")
    return failures


if __name__ == "__main__":
    main()
