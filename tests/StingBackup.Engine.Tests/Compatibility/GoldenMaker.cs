using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>
/// Makes the golden repository of a <b>new</b> version of the format, by tests/fixtures/repositories/make.sh. Every kind of object is in it: two hosts, an approver with deeds,
/// points of before and after each renewal of keys, one person erased, a class let go, packs marked, evidence of a drill. What was made once is never made again.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class GoldenMaker : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 12, 8, 0, 0, TimeSpan.Zero);
    private static readonly DateTime Modified = new(2026, 1, 10, 7, 30, 0, DateTimeKind.Utc);

    private const long LinkTime = 1_768_030_200_000_000_000;   // 2026-01-10 07:30, as the others

    private readonly KeySuite _suite;
    private readonly GoldenSite _site = GoldenSite.Empty(Begin);
    private readonly Dictionary<string, SortedDictionary<string, string>> _contents = [];

    private GoldenMaker(KeySuite suite) => _suite = suite;

    /// <summary>Makes one and keeps it.</summary>
    /// <exception cref="InvalidOperationException">There is one of this name: it stays.</exception>
    public static async Task MakeAsync(string name, KeySuite suite)
    {
        var path = GoldenSite.FileOf(name);
        if (File.Exists(path))
        {
            throw new InvalidOperationException($"'{path}' exists. A golden repository is made once: what a later program made of it would prove nothing about the earlier one.");
        }
        using var maker = new GoldenMaker(suite);
        await maker.RunAsync();
        maker.Keep(path);
    }

    public void Dispose() => _site.Dispose();

    private async Task RunAsync()
    {
        WriteReserve();
        await InitializeAsync();
        await BackupAsync("a.yaml", BackupType.Full);
        await EnrolApproverAsync();
        await EnrolSecondHostAsync();
        Change("users/ada/report.bin", Noise(11, 30_000));
        Change("users/ada/new.txt", "new in the second run"u8);
        await BackupAsync("b.yaml");
        await RenewKeysAsync();
        await DieAsync();
        Change("jars/jar_1/c.bin", Noise(12, 9_000));
        File.Delete(Path.Combine(_site.Reserve, "jars/jar_1/b.txt"));
        Settle();
        await BackupAsync("a.yaml");
        _site.Clock.Advance(TimeSpan.FromDays(5));
        Change("users/bob/photo.raw", Noise(21, 20_000));
        Change("temp/scratch", "another one"u8);
        await BackupAsync("a.yaml", BackupType.Full);
        await EraseAsync("eve");
        Directory.Delete(Path.Combine(_site.Reserve, "users/eve"), recursive: true);
        Settle();
        await BackupAsync("a.yaml");
        await using var installation = await _site.OpenAsync();
        await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(installation, await DrillJob.PlanAsync(installation, new RecoveryTestRequest { Type = RecoveryTestType.File, Seed = 1 }, default), default));
        await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(installation, default));
        WriteExpected(await GoldenSite.PointsAsync(installation));
    }

    private void WriteReserve()
    {
        Change("config/app.conf", "workers = 4"u8);
        Change("users/ada/notes/a.txt", "some words"u8);
        Change("users/ada/notes/empty", []);
        Change("users/ada/report.bin", Noise(1, 30_000));
        Change("users/bob/photo.raw", Noise(2, 20_000));
        Change("users/eve/diary.txt", "of a person who will be erased"u8);
        Change("jars/jar_1/a.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("honey ", 2000))));
        Change("jars/jar_1/b.txt", "gone in the third run"u8);
        Change("temp/scratch", Noise(3, 40_000));
        // Seventy stretches between holes: more extents than a leaf takes, so that they stand in a content page.
        using (var sparse = File.Create(Path.Combine(_site.Reserve, "users/bob/sparse.img")))
        {
            for (var i = 0; i < 70; i++)
            {
                sparse.Position = i * (64L << 10);
                sparse.Write(Enumerable.Repeat((byte)i, 4096).ToArray());
            }
        }
        using var raw = new RawFiles(Path.Combine(_site.Reserve, "users/bob"));
        raw.Link("link"u8, "photo.raw"u8).HardLink("second name"u8, "photo.raw"u8).Write([(byte)'b', 0xff, (byte)'d'], "a name that is no UTF-8"u8).Modified([(byte)'b', 0xff, (byte)'d'], LinkTime).Modified("link"u8, LinkTime).Attribute("photo.raw"u8, "user.origin", [1, 2, 3])
            .Node("pipe"u8, Engine.Platform.LinuxAbi.S_IFIFO | 0x1b0).Mode("sparse.img"u8, 0x1a0);
        Settle();
    }

    private async Task InitializeAsync()
    {
        var request = new InitializeRequest
        {
            BackupRoot = _site.Backups, Reserve = _site.Reserve, ConfigurationFile = _site["a.yaml"], KeyDirectory = _site["keys"], StateDirectory = _site["a/state"], CacheDirectory = _site["a/cache"],
            LogDirectory = _site["a/logs"], TimeZone = "UTC", KeySuite = _suite, Setting = new Dictionary<string, string> { ["keys.spares"] = "8", ["erasure.delay_days"] = "0", ["reserve.temp_files_age"] = "any" },
        };
        using var passphrase = Engine.Cryptography.SecretBytes.CopyOf(System.Text.Encoding.UTF8.GetBytes(GoldenSite.Passphrase));
        await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), passphrase, _site.Clock, default);
        var text = File.ReadAllText(_site["a.yaml"]);
        File.WriteAllText(_site["a.yaml"], text.Replace("\nreserve:\n", "\nreserve:\n  rules:\n    - {glob: \"/temp/**\", class: TempFiles}\n", StringComparison.Ordinal));
        File.WriteAllText(_site["b.yaml"], File.ReadAllText(_site["a.yaml"]).Replace(_site["a"] + "/", _site["b"] + "/", StringComparison.Ordinal));
    }

    private async Task EnrolApproverAsync()
    {
        using var passphrase = GoldenSite.OfficerPassphrase();
        var made = ApproverJobs.New(ApproverJobs.PlanNew("Security officer", _site.OfficerKey), passphrase, _site.Clock, KeyFixture.LittleWork);
        await using var installation = await _site.OpenAsync();
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, made.PublicFile, default), default);
    }

    private async Task EnrolSecondHostAsync()
    {
        var (asked, package, configuration) = (_site["request"], _site["package"], _site.Load("b.yaml"));
        HostRegistry.Request(configuration, HostRegistry.PlanRequest(configuration, "host-b", asked, _site.Clock), _site.Clock);
        await using (var role = await _site.OpenAsync())
        {
            await HostRegistry.IssueAsync(role, HostRegistry.PlanEnrol(role, asked, package, 8), default);
        }
        await HostRegistry.JoinAsync(configuration, HostRegistry.PlanJoin(configuration, package, _site.Clock), _site.Clock, default);
    }

    private async Task RenewKeysAsync()
    {
        foreach (var kind in (KeyRotationKind[])[KeyRotationKind.KeyEncryptionKey, KeyRotationKind.Epoch, KeyRotationKind.Writer, KeyRotationKind.Signing, KeyRotationKind.Subject])
        {
            await using var installation = await _site.OpenAsync();
            var request = kind == KeyRotationKind.Subject ? new KeyRotationRequest(kind, RestoreScope.User, "bob") { NewWriterSecret = true } : new KeyRotationRequest(kind);
            var plan = await KeyRotationJob.PlanAsync(installation, request, default);
            Task<KeyRotationResult> Renew() => TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default));
            Assert.Equal(JobState.Completed, (plan.NeedsApproval ? await _site.ApprovedAsync(installation, Renew) : await Renew()).State);
        }
    }

    /// <summary>A run that ends before it commits: the next one closes its number by a void point.</summary>
    private async Task DieAsync()
    {
        await using var installation = await _site.OpenAsync();
        var dead = new SessionRecord(installation.IdentityOf(2), installation.NowNs);
        await installation.Store.PutAsync(dead.ObjectName, dead.ToBytes(), default);
    }

    private async Task EraseAsync(string person)
    {
        await using (var installation = await _site.OpenAsync())
        {
            var plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, person, "GDPR Art. 17", "ticket 12", "dpo"), default);
            await _site.ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
        }
        _site.Clock.Advance(TimeSpan.FromHours(1));
        await using var later = await _site.OpenAsync();
        Assert.Equal(ErasureState.Completed, Assert.Single((await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(later, "key officer", default))).Erasures).State);
    }

    private async Task BackupAsync(string file, BackupType type = BackupType.Incremental)
    {
        await using var installation = await _site.OpenAsync(file);
        var result = await _site.BackupAsync(installation, type);
        Assert.Equal(0, result.Errors);
        _contents.Add(result.BackupId!, ContentList.Of(_site.Reserve));
    }

    /// <summary>Whoever was erased is in no list: nothing that was his may come back.</summary>
    private void WriteExpected(string[] points)
    {
        Directory.CreateDirectory(_site["expected"]);
        File.WriteAllLines(_site["expected/points.txt"], points);
        foreach (var (id, content) in _contents)
        {
            // The folder of temporary files is itself none.
            string[] gone = points.Contains($"{id} {DataClass.TempFiles}") ? ["users/eve"] : ["users/eve", "temp/"];
            File.WriteAllLines(_site[$"expected/{id}.txt"], content
                .Where(item => !gone.Any(folder => item.Key == folder || item.Key.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))).Select(item => $"{item.Key}\t{item.Value}"));
        }
    }

    private void Change(string path, ReadOnlySpan<byte> content)
    {
        _site.Write(path, content);
        Settle();
    }

    /// <summary>Gives files and folders times of before the first run, each another one: what changes must be seen, and nothing may depend on when this ran.</summary>
    private void Settle()
    {
        foreach (var file in Directory.EnumerateFiles(_site.Reserve, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).LinkTarget is null && File.GetLastWriteTimeUtc(f) > Begin.UtcDateTime))
        {
            File.SetLastWriteTimeUtc(file, Modified.AddSeconds(_settled++));
        }
        foreach (var folder in Directory.EnumerateDirectories(_site.Reserve, "*", SearchOption.AllDirectories).Where(f => Directory.GetLastWriteTimeUtc(f) > Begin.UtcDateTime).OrderByDescending(f => f.Length))
        {
            Directory.SetLastWriteTimeUtc(folder, Modified.AddSeconds(_settled++));
        }
    }

    private int _settled;

    /// <summary>What a program made by itself as it went along, and needs not: caches, logs, notes about jobs.</summary>
    private void Keep(string path)
    {
        foreach (var left in (string[])["reserve", "a/cache", "a/logs", "a/state/jobs", "a/state/tiers", "b/cache", "b/logs", "b/state/jobs", "b/state/tiers"])
        {
            // .NET's own deletion knows no name that is not UTF-8.
            using var remove = System.Diagnostics.Process.Start("rm", ["-rf", _site[left]]);
            remove.WaitForExit();
        }
        foreach (var file in Directory.EnumerateFiles(_site.Root, "*.yaml"))
        {
            File.WriteAllText(file, File.ReadAllText(file).Replace(_site.Root, GoldenSite.RootMark, StringComparison.Ordinal));
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var kept = new FileStream(path, FileMode.CreateNew);
        using var packed = new GZipStream(kept, CompressionLevel.SmallestSize);
        TarFile.CreateFromDirectory(_site.Root, packed, includeBaseDirectory: false);
    }

    private static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
