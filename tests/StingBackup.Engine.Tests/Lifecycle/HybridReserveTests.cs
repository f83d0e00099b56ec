using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Keys;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>A whole reserve under suite 2, and one that went from suite 1 to it: backups, restores, verification, damage, erasure.</summary>
public sealed class HybridReserveTests
{
    [Fact]
    public async Task Backup_restore_verification_and_erasure_of_a_hybrid_reserve()
    {
        using var fixture = await ErasureFixture.CreateAsync(KemSuite.Hybrid);
        var before = await SegmentsAsync(fixture);
        Assert.NotEmpty(before);
        Assert.All(before, segment => Assert.Equal((Suite.P256MlKem768, 1201), (segment.Suite, segment.SealedKey.Length)));
        using (var keys = fixture.Keys.Open())
        {
            var rows = await keys.ListAsync(fixture.Keys.Store, default).ToListAsync();
            Assert.All(rows.Where(row => row.Kind is KeyKind.KeyVault or KeyKind.Subject), row => Assert.Contains("P-256 + ML-KEM-768", row.Algorithm, StringComparison.Ordinal));
            Assert.Contains(rows, row => row.Kind == KeyKind.Subject);
        }
        Assert.True((await fixture.VerifyAsync()).Passed);
        AssertSame(fixture, await fixture.RestoreAsync(null));

        await fixture.RequestAsync();
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada"))).ErrorId);
        Directory.Delete(Path.Combine(fixture.Reserve, "users/ada"), recursive: true);
        AssertSame(fixture, await fixture.RestoreAsync(null));
        Assert.True((await fixture.VerifyAsync()).Passed);
        // Its own old packs still stand; nobody has a key for them.
        Assert.Equal(before.Count, (await SegmentsAsync(fixture)).Count);
    }

    [Fact]
    public async Task A_reserve_of_suite_1_goes_on_with_suite_2_and_reads_both()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        fixture.Keys.Options = fixture.Keys.Options with { Suite = KemSuite.Hybrid };
        for (var i = 0; i < 3 * KeyFixture.FewSpares; i++)
        {
            fixture.Write($"users/new-{i}/note.txt", System.Text.Encoding.UTF8.GetBytes($"note {i}"));
        }
        await fixture.BackupAsync();
        fixture.Write("users/bob/later.txt", "Bob keeps his key pair"u8);
        await fixture.BackupAsync();

        var suites = (await SegmentsAsync(fixture)).GroupBy(segment => segment.Pseudonym, segment => segment.Suite).ToList();
        Assert.All(suites, subject => Assert.Single(subject.Distinct()));    // nobody changes
        Assert.Contains(suites, subject => subject.First() == Suite.P256);
        Assert.Contains(suites, subject => subject.First() == Suite.P256MlKem768);
        Assert.True((await fixture.VerifyAsync()).Passed);
        AssertSame(fixture, await fixture.RestoreAsync(null));

        // The turn of the epoch carries records of both suites over.
        await fixture.RequestAsync();
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
        Directory.Delete(Path.Combine(fixture.Reserve, "users/ada"), recursive: true);
        AssertSame(fixture, await fixture.RestoreAsync(null));

        // And back: the setting decides what is made, not what is read.
        fixture.Keys.Options = fixture.Keys.Options with { Suite = KemSuite.P256 };
        fixture.Write("users/new-0/more.txt", "more"u8);
        await fixture.BackupAsync();
        AssertSame(fixture, await fixture.RestoreAsync(null));
    }

    [Fact]
    public async Task A_changed_byte_of_a_hybrid_sealed_key_is_found_and_its_pack_named()
    {
        using var fixture = await ErasureFixture.CreateAsync(KemSuite.Hybrid);
        var (name, content) = fixture.Keys.Store.Objects.First(item => item.Key.StartsWith("data/", StringComparison.Ordinal));
        foreach (var at in new[] { 0, 544, 1087, 1088, 1152, 1153, 1200 })    // ML-KEM's ciphertext, the point, the sealed key, its tag
        {
            var bytes = content.ToArray();
            bytes[PackFormat.HeaderSize + SegmentHeader.FixedSize + at] ^= 1;
            var damaged = new MemoryObjectStore(fixture.Keys.Store.Objects.Select(item => item.Key == name ? new(name, bytes) : item));
            await using var installation = await fixture.OpenAsync(damaged);
            var result = await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }, default), output: []);
            Assert.False(result.Passed);
            Assert.Contains(result.Faults, fault => fault.Object == name);
        }
    }

    [Fact]
    public async Task A_sealed_key_that_does_not_open_names_its_subject()
    {
        using var fixture = await ErasureFixture.CreateAsync(KemSuite.Hybrid);
        var segment = (await SegmentsAsync(fixture))[0];
        using var keys = fixture.Keys.Open();
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(32, reader.OpenDataKey(segment.Pseudonym, segment.Generation, segment.SealedKey.Span).Length);
        var changed = segment.SealedKey.ToArray();
        changed[700] ^= 1;
        var refused = Assert.Throws<StingException>(() => reader.OpenDataKey(segment.Pseudonym, segment.Generation, changed));
        Assert.Equal(("DataKeyDamaged", segment.Pseudonym.ToString()), (refused.ErrorId, refused.Target));
        Assert.Equal("DataKeyDamaged", Assert.Throws<StingException>(() => reader.OpenDataKey(segment.Pseudonym, segment.Generation, segment.SealedKey.Span[..113])).ErrorId);
    }

    private static async Task<List<SegmentHeader>> SegmentsAsync(ErasureFixture fixture)
    {
        await using var installation = await fixture.OpenAsync();
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, default);
        return [.. view.Index.Fragments.SelectMany(f => f.Segments).Select(s => s.Header).Where(header => header.Suite != SegmentHeader.ClearSuite)];
    }

    private static void AssertSame(ErasureFixture fixture, string restored) => Assert.Equal(Files(fixture.Reserve), Files(restored));

    private static SortedDictionary<string, string> Files(string root) => new(
        Directory.GetFiles(root, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(root, path), path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))),
        StringComparer.Ordinal);
}
