using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A chain of the key role's keys as another program wrote it from docs/key-formats.md (Golden/make_signing.py): what is read there, and written again byte for byte, is format 1.</summary>
public sealed class GoldenSigningTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Keys", "Golden", "signing-1");
    private static readonly Id16 Reserve = new(Ascending(0x10, 16));

    [Fact]
    public void What_another_program_wrote_opens_and_is_written_alike()
    {
        var roles = new byte[] { 0x01, 0x07, 0x08, 0x09 }.Select(first => EcdsaSigner.FromScalar(Ascending(first, 32))).ToArray();
        var publicHalf = Bytes("keys/reserve.pub");
        var read = PublicHalf.Read(publicHalf, "reserve.pub");
        Assert.Equal(roles[..3].Reverse().Select(role => role.PublicKey.ToArray()), read.Chain.Keys);
        Assert.Equal(1768442400L * 1_000_000_000 + (2 * 90L * 86400 * 1_000_000_000), read.Chain.SinceNs);
        AssertSameButSignature(publicHalf, read.ToBytes(roles[2]));

        var keyFile = Bytes("keys/reserve.key");
        using (var half = PrivateHalfFile.Open(keyFile, "reserve.key", Reserve, null))
        {
            Assert.Equal(roles[2].PublicKey.ToArray(), half.KeyRole.PublicKey.ToArray());
            Assert.Equal(roles[3].PublicKey.ToArray(), half.NextKeyRole!.PublicKey.ToArray());
            using var random = System.Security.Cryptography.RandomNumberGenerator.Create();
            Assert.Equal(keyFile, PrivateHalfFile.Write(half, Reserve, null, Argon2Parameters.Default, random));
        }
        foreach (var (slot, keys) in new[] { (1, 4), (2, 3) })
        {
            var (name, bytes) = ($"format/{slot}", Bytes($"repository/format/{slot}"));
            var chain = read.Chain.ExtendedBy(FormatObject.ChainIn(name, bytes, Reserve));
            Assert.Equal(keys, chain.Count);
            AssertSameButSignature(bytes, FormatObject.Read(name, bytes, chain.Joined).ToBytes(roles[keys - 1]));
        }
        Assert.Equal(read.Handovers, KeyFrame.ReadWhole(Bytes("state/host/key-role"), KeyFileKind.KeyRoleChain, "key-role").ToArray());
        Assert.Equal(Bytes("state/host/key-role"), KeyFrame.Write(KeyFileKind.KeyRoleChain, read.Handovers));

        // The same statements made by this program differ in their signatures alone.
        var again = KeyRoleChain.Of(roles[0].PublicKey.ToArray()).HandOver(roles[0], roles[1], Reserve, 1768442400L * 1_000_000_000 + (90L * 86400 * 1_000_000_000));
        Assert.Equal(read.Handovers[..142], again.Handovers[..142]);
        Array.ForEach(roles, role => role.Dispose());
    }

    private static void AssertSameButSignature(byte[] expected, byte[] actual) =>
        Assert.Equal(expected[..^P256.SignatureSize], actual[..^P256.SignatureSize]);

    private static byte[] Bytes(string path) => File.ReadAllBytes(Path.Combine(Golden, path));

    private static byte[] Ascending(byte first, int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(first + i))];
}
