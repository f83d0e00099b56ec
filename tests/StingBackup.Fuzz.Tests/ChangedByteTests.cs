using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Fuzz.Tests.Targets;

namespace StingBackup.Fuzz.Tests;

/// <summary>A changed byte is refused, never misread: each byte of each authenticated object and file, changed in several ways, is refused with an id, or what is read is what was written.</summary>
public sealed class ChangedByteTests
{
    private const int Seed = 20261126, MostBytes = 220;

    public static TheoryData<string> Objects => [.. SignedObjectTargets.Objects().Select(o => o.Name)];

    public static TheoryData<string> Files => [.. KeyFileTargets.Files().Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Objects))]
    public void A_changed_byte_of_a_signed_object_is_refused(string name)
    {
        foreach (var (known, bytes, read) in SignedObjectTargets.Objects())
        {
            if (known == name)
            {
                Sweep(bytes, read);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_changed_byte_of_a_key_file_or_envelope_is_refused(string name)
    {
        foreach (var (known, bytes, read) in KeyFileTargets.Files())
        {
            if (known == name)
            {
                Sweep(bytes, read);
            }
        }
    }

    [Fact]
    public void A_changed_byte_of_a_pack_is_refused_by_its_name_and_no_chunk_opens_to_other_bytes()
    {
        var pack = PackTargets.Pack();
        var whole = PackTargets.ReadPack(pack).Select(Convert.ToHexString).ToHashSet();
        Assert.Equal(3, whole.Count);
        var expected = new PackInfo(new Id32(System.Security.Cryptography.SHA256.HashData(pack)), ObjectKind.MetaPack, pack.Length);
        foreach (var changed in Changes(pack))
        {
            Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => PackReader.ReadTables(expected, changed, Fixed.Reserve)).ErrorId);
            try
            {
                // Under the name that its bytes give, as somebody could store it who has no key: what opens is what was sealed.
                Assert.Subset(whole, PackTargets.ReadPack(changed).Select(Convert.ToHexString).ToHashSet());
            }
            catch (StingException e)
            {
                Assert.NotEmpty(e.ErrorId);
            }
        }
    }

    /// <summary>Nobody signs parity, so that what it gives is proved by the pack's name alone.</summary>
    [Fact]
    public void A_changed_byte_of_parity_gives_the_pack_or_is_refused()
    {
        foreach (var seed in ParityTarget.Seeds())
        {
            Assert.Equal(ParityTarget.Pack, ParityTarget.Read(seed));
            foreach (var changed in Changes(seed[ParityTarget.HeadSize..]))
            {
                try
                {
                    Assert.Equal(ParityTarget.Pack, ParityTarget.Read([.. seed[..ParityTarget.HeadSize], .. changed]) ?? ParityTarget.Pack);
                }
                catch (StingException e)
                {
                    Assert.NotEmpty(e.ErrorId);
                }
            }
        }
    }

    private static void Sweep(byte[] bytes, Func<byte[], object?> read)
    {
        var whole = read(bytes);
        Assert.NotNull(whole);
        foreach (var changed in Changes(bytes))
        {
            object? found;
            try
            {
                found = read(changed);
            }
            catch (StingException e)
            {
                Assert.NotEmpty(e.ErrorId);
                continue;
            }
            Assert.Equal(whole.ToString(), found?.ToString());
        }
    }

    /// <summary>Each byte of a short object, as many of a long one, each changed in one bit and to another value; and the object cut short and made longer by one.</summary>
    private static IEnumerable<byte[]> Changes(byte[] bytes)
    {
        var random = new Random(Seed);
        for (var i = 0; i < Math.Min(MostBytes, bytes.Length); i++)
        {
            var at = bytes.Length <= MostBytes ? i : random.Next(bytes.Length);
            foreach (var change in (byte[])[(byte)(1 << random.Next(8)), (byte)random.Next(1, 256)])
            {
                byte[] changed = [.. bytes];
                changed[at] ^= change;
                yield return changed;
            }
        }
        yield return bytes[..^1];
        yield return [.. bytes, 0];
        yield return [];
    }
}
