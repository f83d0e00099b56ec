using System.Diagnostics;
using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Lifecycle;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>A reader that was written from the pages on the formats alone, in Python, opens what the program writes: <c>tests/independent/read_pack.py</c>.</summary>
public sealed class IndependentReaderTests
{
    /// <summary>The system's Python: Debian's packages are not seen by others on the path.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "independent", "read_pack.py");

    [IndependentFact]
    public async Task It_reads_every_file_of_the_newest_and_of_an_older_point()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var small = Read(fixture, Dump(fixture), "--point", PointsOf(fixture)[0]);
        Assert.True(small.Code == 0, small.Error);
        Assert.DoesNotContain("users/ada/second.txt", small.Hashes.Keys);

        // Pages of level 255, bundles, a tree of several levels, an empty file, one that is gone.
        var long_ = new byte[24 << 20];
        new Random(7).NextBytes(long_);
        long_.AsSpan(9 << 20, 5 << 20).Clear();
        fixture.Write("users/bob/long.bin", long_);
        for (var i = 0; i < 3000; i++)
        {
            fixture.Write($"jars/j{i % 7}/folder {i % 50}/page-{i}.md", System.Text.Encoding.UTF8.GetBytes($"Page {i} of a jar, ÄÖÜ."));
        }
        fixture.Write("users/ada/empty", []);
        File.Delete(Path.Combine(fixture.Reserve, "users/ada/small.txt"));
        // Keys of the key role and of the host that follow the first ones: both kinds of signatures stand in one repository.
        string first;
        using (var keys = fixture.Keys.Open())
        {
            first = keys.KeyRoleFingerprint;
            await SigningRenewalTests.RenewAsync(keys, fixture.Keys);
            using var reader = keys.Unlock(null);
            await keys.RenewWriterAsync(reader, fixture.Keys.Store, default);
        }
        await fixture.BackupAsync(type: BackupType.Full);
        var repository = Dump(fixture);
        var old = Read(fixture, repository, "--point", PointsOf(fixture)[0], "--fingerprint", first);
        Assert.True(old.Code == 0, old.Error);
        Assert.Equal(small.Hashes, old.Hashes);
        var read = Read(fixture, repository, "--out", Path.Combine(fixture.Keys.Folder, "out"));
        Assert.True(read.Code == 0, read.Error);
        Assert.Equal(HashesOf(fixture.Reserve), read.Hashes);
        Assert.Equal(read.Hashes, HashesOf(Path.Combine(fixture.Keys.Folder, "out")));
    }

    [IndependentFact]
    public async Task It_names_the_pack_that_has_a_flipped_byte_and_reads_what_others_hold()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        fixture.Write("users/bob/later.txt", "in a pack of its own"u8);
        await fixture.BackupAsync();
        var repository = Dump(fixture);
        var turn = 0;
        foreach (var pack in Directory.GetFiles(Path.Combine(repository, "data"), "*", SearchOption.AllDirectories))
        {
            var length = (int)new FileInfo(pack).Length;
            int[] places = [30, length / 2, length - 5];
            foreach (var at in turn == 0 ? places : [places[turn % places.Length]])
            {
                KeyFixture.Flip(pack, at);
                var read = Read(fixture, repository);
                Assert.Equal(1, read.Code);
                Assert.Contains($"data/{Path.GetFileName(pack)[..2]}/{Path.GetFileName(pack)}: its SHA-256 is not its name", read.Error, StringComparison.Ordinal);
                Assert.NotEmpty(read.Hashes);
                KeyFixture.Flip(pack, at);
            }
            turn++;
        }
        Assert.Equal(0, Read(fixture, repository).Code);
    }

    [IndependentFact]
    public async Task A_point_that_its_writer_did_not_sign_is_named()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var repository = Dump(fixture);
        var point = Directory.GetFiles(Path.Combine(repository, "points"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        KeyFixture.Flip(point, (int)new FileInfo(point).Length - 70);
        var read = Read(fixture, repository);
        Assert.Equal(1, read.Code);
        Assert.Contains($"points/{PointsOf(fixture)[^1]}: ", read.Error, StringComparison.Ordinal);
        Assert.Empty(read.Hashes);
    }

    [IndependentFact]
    public async Task After_an_erasure_it_opens_the_neighbours_and_not_the_erased()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var before = Dump(fixture);
        await fixture.RequestAsync();
        Assert.Equal("Completed", Assert.Single(await fixture.CompleteAsync()).State.ToString());
        var after = Dump(fixture);
        Directory.Delete(Path.Combine(fixture.Reserve, "users/ada"), recursive: true);

        var read = Read(fixture, after);
        Assert.Equal(1, read.Code);
        Assert.Contains("it was erased", read.Error, StringComparison.Ordinal);
        Assert.Equal(HashesOf(fixture.Reserve), read.Hashes);

        // An old copy of the repository does not know of it, and has every pack: the key is gone all the same.
        read = Read(fixture, before);
        Assert.Equal(1, read.Code);
        Assert.Contains("the key store has no key of it", read.Error, StringComparison.Ordinal);
        Assert.Equal(HashesOf(fixture.Reserve), read.Hashes);
    }

    [IndependentFact]
    public async Task What_retention_let_go_it_gives_to_nobody_and_what_a_sweep_left_it_reads()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        fixture.Keys.Clock.Advance(TimeSpan.FromDays(1200));   // longer than any class is kept
        Directory.Delete(Path.Combine(fixture.Reserve, "users/ada"), recursive: true);
        await fixture.BackupAsync();
        var points = PointsOf(fixture);
        Assert.Equal(0, Read(fixture, Dump(fixture), "--point", points[0]).Code);
        await using (var installation = await fixture.OpenAsync())
        {
            Assert.True((await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default))).Dropped > 0);
        }
        var let = Read(fixture, Dump(fixture), "--point", points[0]);
        Assert.Equal((1, $"{points[0]}: there is no such point, or it was let go"), (let.Code, let.Error.Trim()));

        var deleted = 0L;
        for (var i = 0; i < 3; i++)
        {
            await using var installation = await fixture.OpenAsync();
            deleted += (await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(installation, default))).Deleted.Packs;
            fixture.Keys.Clock.Advance(TimeSpan.FromHours(48));
        }
        Assert.True(deleted > 0);
        var repository = Dump(fixture);
        var read = Read(fixture, repository);
        Assert.True(read.Code == 0, read.Error);
        Assert.Equal(HashesOf(fixture.Reserve), read.Hashes);

        var drop = Directory.GetFiles(Path.Combine(repository, "drops")).Single();
        KeyFixture.Flip(drop, 40);
        Assert.Contains("drops/", Read(fixture, repository).Error, StringComparison.Ordinal);
    }

    [IndependentFact]
    public async Task What_it_does_not_know_it_refuses_by_name()
    {
        using var fixture = await ErasureFixture.CreateAsync(KemSuite.Hybrid);
        var read = Read(fixture, Dump(fixture));
        Assert.Equal((1, "reserve.pub: suite 2 is unknown to this reader"), (read.Code, read.Error.Trim()));
        Assert.Empty(read.Hashes);

        // Only some subjects are of suite 2: theirs are refused, and the others read.
        using var mixed = await ErasureFixture.CreateAsync();
        mixed.Keys.Options = mixed.Keys.Options with { Suite = KemSuite.Hybrid };
        for (var i = 0; i < 3 * KeyFixture.FewSpares; i++)
        {
            mixed.Write($"users/new-{i}/note.txt", System.Text.Encoding.UTF8.GetBytes($"note {i}"));
        }
        await mixed.BackupAsync();
        read = Read(mixed, Dump(mixed));
        Assert.Equal(1, read.Code);
        Assert.Contains("its key is of suite 2, which is unknown to this reader", read.Error, StringComparison.Ordinal);
        Assert.Contains(Path.Combine("users/ada/diary.txt"), read.Hashes.Keys);
        Assert.True(read.Hashes.Count < HashesOf(mixed.Reserve).Count);
    }

    /// <summary>Writes the objects as files, as the Local tier has them.</summary>
    private static string Dump(ErasureFixture fixture)
    {
        var root = Path.Combine(fixture.Keys.Folder, $"repository-{Guid.NewGuid():n}");
        foreach (var (name, content) in fixture.Keys.Store.Objects)
        {
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content.Span);
        }
        return root;
    }

    private static string[] PointsOf(ErasureFixture fixture) =>
        [.. fixture.Keys.Store.Objects.Keys.Where(name => name.StartsWith("points/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name => name["points/".Length..])];

    private static SortedDictionary<string, string> HashesOf(string root) => new(
        Directory.GetFiles(root, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(root, path), path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))),
        StringComparer.Ordinal);

    private static (int Code, SortedDictionary<string, string> Hashes, string Error) Read(ErasureFixture fixture, string repository, params string[] more)
    {
        var options = fixture.Keys.Options;
        using var keys = fixture.Keys.Open();
        string[] arguments =
        [
            Script, repository, "--fingerprint", keys.KeyRoleFingerprint, "--keys", options.KeyDirectory, "--store", options.KeyStoreReplicas[1], "--epoch", options.EpochPlaces[1], .. more,
        ];
        using var process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var hashes = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(line => line[66..], line => line[..64]);
        return (process.ExitCode, new SortedDictionary<string, string>(hashes, StringComparer.Ordinal), error.Result);
    }

    /// <summary>Runs where Python's cryptography and zstd are installed; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class IndependentFactAttribute : FactAttribute
    {
        public IndependentFactAttribute() => Skip =
            !File.Exists(Python) || !Directory.Exists("/usr/lib/python3/dist-packages/cryptography") ? "python3-cryptography is not installed."
            : !File.Exists("/usr/bin/zstd") && !Directory.Exists("/usr/lib/python3/dist-packages/zstandard") ? "zstd is not installed."
            : null;
    }
}
