using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>
/// One reserve as another program wrote it from docs/key-formats.md (Golden/make_golden.py). What is read there, and written again byte for byte, is format 1:
/// a test that fails here means that keys of today's installations would not open.
/// </summary>
public sealed class GoldenFormatTests : IDisposable
{
    private const string Passphrase = "Zoe\u0308's golden passphrase";   // decomposed; it was sealed under the composed form
    private const string Name = "user:7b1c0e1e-0000-4000-8000-00000000000a";

    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Keys", "Golden", "format-1");
    private readonly KeyFixture _fixture = new();

    public GoldenFormatTests()
    {
        foreach (var path in Directory.GetFiles(Golden, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_fixture.Folder, Path.GetRelativePath(Golden, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_reserve_that_another_program_wrote_opens_whole()
    {
        var store = await StoreAsync();
        using var keys = _fixture.Open();
        Assert.Equal("101112131415161718191a1b1c1d1e1f", keys.ReserveId.ToString());
        Assert.Equal("202122232425262728292a2b2c2d2e2f", keys.WriterId.ToString());
        var (format, formatFaults) = await keys.LoadFormatAsync(store, default);
        Assert.Empty(formatFaults);
        Assert.Equal(1u, format.Revision);
        using var writers = await keys.LoadWritersAsync(store, default);
        Assert.Empty(writers.Faults);
        Assert.Equal("golden-host", Assert.Single(writers.All).HostName);

        await using var writer = keys.OpenWriter(store, writers);
        Assert.Equal(1, writer.Spares.Left);
        var subject = await writer.GetAsync(Name, default);
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        Assert.Empty(reader.Faults);
        Assert.Equal(subject.IdKey, reader.GetIdKey(subject.Pseudonym).ToArray());
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (byte)i), reader.OpenDataKey(subject.Pseudonym, 1, File.ReadAllBytes(Path.Combine(Golden, "data-key"))));

        // The second subject is a spare: claiming it proves that its signature and secret are read right.
        var second = await writer.GetAsync("user:second", default);
        Assert.Equal(second.IdKey, reader.GetIdKey(second.Pseudonym).ToArray());
        Assert.Equal(2, reader.Pseudonyms.Count);
    }

    [Fact]
    public void An_open_key_file_that_another_program_wrote_opens_and_is_written_alike()
    {
        using var keys = _fixture.Open();
        var golden = File.ReadAllBytes(Path.Combine(Golden, "open", "reserve.key"));
        using var half = PrivateHalfFile.Open(golden, "reserve.key", keys.ReserveId, null);
        Assert.Equal(keys.KeyRolePublicKey.ToArray(), half.KeyRole.PublicKey.ToArray());
        Assert.Equal(golden, PrivateHalfFile.Write(half, keys.ReserveId, null, Argon2Parameters.Default, _fixture.Environment.Random));
    }

    [Fact]
    public void A_sealed_key_file_is_written_with_the_same_fields()
    {
        using var keys = _fixture.Open();
        var golden = File.ReadAllBytes(Path.Combine(Golden, "keys", "reserve.key"));
        using var passphrase = SecretBytes.FromPassphrase(Passphrase);
        using var half = PrivateHalfFile.Open(golden, "reserve.key", keys.ReserveId, passphrase);
        // Salt, then nonce, as the golden file has them.
        using var same = new Replay([.. Ascending(0xd0, 16), .. Ascending(0xe0, 12)]);
        Assert.Equal(golden, PrivateHalfFile.Write(half, keys.ReserveId, passphrase, new Argon2Parameters(64, 2, 1), same));
    }

    [Fact]
    public void Signed_files_and_objects_are_written_alike_up_to_their_signatures()
    {
        using var keys = _fixture.Open();
        using var signer = EcdsaSigner.FromScalar(Ascending(0x01, 32));
        Assert.Equal(keys.KeyRolePublicKey.ToArray(), signer.PublicKey.ToArray());
        var publicHalf = Bytes("keys/reserve.pub");
        AssertSameButSignature(publicHalf, PublicHalf.Read(publicHalf, "reserve.pub").ToBytes(signer));
        var format = Bytes("repository/format/1");
        AssertSameButSignature(format, FormatObject.Read("format/1", format, signer.PublicKey.Span).ToBytes(signer));
        var name = $"writers/{keys.WriterId}";
        var writer = Bytes($"repository/{name}");
        AssertSameButSignature(writer, WriterObject.Read(name, writer, keys.ReserveId, signer.PublicKey.Span).ToBytes(signer));

        var claimPath = Directory.GetFiles(Path.Combine(Golden, "repository", "subjects")).Single();
        var claimName = $"subjects/{Path.GetFileName(claimPath)}";
        using var verifier = new SignatureVerifier(signer.PublicKey.Span);
        using var writers = new EnrolledWriters([WriterObject.Read(name, writer, keys.ReserveId, signer.PublicKey.Span).Writer], []);
        var claim = SubjectClaim.Read(claimName, File.ReadAllBytes(claimPath), keys.ReserveId, verifier, writers);
        AssertSameButSignature(File.ReadAllBytes(claimPath), claim.ToBytes(signer));
        Assert.Equal(claim.Tag, SubjectTags.Compute(Ascending(0x30, 32), Name));
        Assert.Equal([SubjectTags.Compute(Ascending(0x30, 32), "email:ada@example.com")], claim.Aliases);
        Assert.Equal(1768442400L * 1_000_000_000, claim.CreatedNs);
    }

    [Fact]
    public void Files_of_the_host_and_the_key_store_are_written_alike()
    {
        using var keys = _fixture.Open();
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        Assert.Equal(Bytes("state/host/host.key"), host.ToBytes());
        using var nonce = new Replay(Ascending(0xd8, 12));
        var spares = SpareFile.Read(Bytes("state/host/spares"), host, "spares");
        Assert.Equal(Bytes("state/host/spares"), SpareFile.Write(spares, host, nonce));

        var log = new SpareLog(_fixture.Files, Path.Combine(_fixture.Folder, "log"));
        log.Append([new SpareEvent(spares[0].Key.Pseudonym, SubjectTags.Compute(host.DirectoryKey.Span, Name), SpareFate.Reserved),
            new SpareEvent(spares[0].Key.Pseudonym, SubjectTags.Compute(host.DirectoryKey.Span, Name), SpareFate.Claimed)]);
        Assert.Equal(Bytes("state/host/spares.log"), File.ReadAllBytes(Path.Combine(_fixture.Folder, "log")));

        var file = Bytes("store-1/epoch-0000000001.keys");
        var records = RecordFile.Read(file, keys.ReserveId, 1, "store-1");
        Assert.Empty(records.Faults);
        byte[] again = [.. RecordFile.Head(keys.ReserveId, 1), .. RecordFile.Frame(records.Records)];
        Assert.Equal(file, again);

        using var secret = SecretBytes.CopyOf(Ascending(0x70, 32));
        var place = Path.Combine(_fixture.Folder, "place");
        new EpochSecrets(_fixture.Files, [place]).Create(keys.ReserveId, 1, secret);
        Assert.Equal(Bytes("epoch-1/epoch-0000000001.secret"), File.ReadAllBytes(Path.Combine(place, "epoch-0000000001.secret")));

        using var signer = EcdsaSigner.FromScalar(Ascending(0x01, 32));
        var replica = Path.Combine(_fixture.Folder, "replica");
        new Turns(_fixture.Files, [replica]).Create(keys.ReserveId, new Turn(1, EpochSecrets.CheckOf(secret.Span, keys.ReserveId, 1), 1768442400L * 1_000_000_000), signer);
        AssertSameButSignature(Bytes("store-1/turn/1"), File.ReadAllBytes(Path.Combine(replica, "turn", "1")));
    }

    private static void AssertSameButSignature(byte[] golden, byte[] written)
    {
        Assert.Equal(golden.Length, written.Length);
        Assert.Equal(golden[..^64], written[..^64]);
    }

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Golden, name));

    private static byte[] Ascending(int first, int length) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];

    private static async Task<MemoryObjectStore> StoreAsync()
    {
        var store = new MemoryObjectStore();
        var root = Path.Combine(Golden, "repository");
        foreach (var path in Directory.GetFiles(root, "*", SearchOption.AllDirectories))
        {
            await store.PutAsync(Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllBytes(path), default);
        }
        return store;
    }

    /// <summary>Gives bytes in a fixed order.</summary>
    private sealed class Replay(byte[] bytes) : RandomNumberGenerator
    {
        private int _at;

        public override void GetBytes(byte[] data) => GetBytes(data.AsSpan());

        public override void GetBytes(byte[] data, int offset, int count) => GetBytes(data.AsSpan(offset, count));

        public override void GetBytes(Span<byte> data)
        {
            bytes.AsSpan(_at, data.Length).CopyTo(data);
            _at += data.Length;
        }
    }
}
