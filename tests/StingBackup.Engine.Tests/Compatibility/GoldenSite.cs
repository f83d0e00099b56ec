using System.Formats.Tar;
using System.IO.Compression;
using System.Security;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>
/// A whole installation as an earlier program left it: repository, keys, host states, configuration; a copy of it in a folder of its own. The reserve's folder is empty. Everything is opened by the
/// configuration, as commands do.
/// </summary>
internal sealed class GoldenSite : IDisposable
{
    /// <summary>What opens the key files of all golden repositories. No secret: it protects test data that anybody may read.</summary>
    public const string Passphrase = "golden, and no secret at all";

    /// <summary>Stands for the folder in the stored configurations.</summary>
    public const string RootMark = "@ROOT@";

    private readonly TempFolder _folder = new();

    /// <summary>Every golden repository that there is. A new version of the format adds its own; none of these is ever made again.</summary>
    public static IReadOnlyList<string> Names { get; } = ["format-1", "format-1-hybrid"];

    public string Root => _folder.Path;
    public string this[string name] => _folder[name];
    public string Backups => this["backups"];
    public string Reserve => this["reserve"];

    /// <summary>Later than anything in it, and before the days of its captures are over.</summary>
    public FakeTimeProvider Clock { get; private init; } = new(new DateTimeOffset(2026, 1, 20, 8, 0, 0, TimeSpan.Zero));

    /// <summary>An empty folder, for whoever makes one.</summary>
    public static GoldenSite Empty(DateTimeOffset begin)
    {
        var site = new GoldenSite { Clock = new FakeTimeProvider(begin) };
        Directory.CreateDirectory(site.Reserve);
        return site;
    }

    /// <summary>A copy of a golden one.</summary>
    public static GoldenSite Copy(string name)
    {
        var site = new GoldenSite();
        using (var file = File.OpenRead(FileOf(name)))
        using (var unpacked = new GZipStream(file, CompressionMode.Decompress))
        {
            TarFile.ExtractToDirectory(unpacked, site.Root, overwriteFiles: false);
        }
        foreach (var configuration in Directory.GetFiles(site.Root, "*.yaml"))
        {
            File.WriteAllText(configuration, File.ReadAllText(configuration).Replace(RootMark, site.Root, StringComparison.Ordinal));
        }
        Directory.CreateDirectory(site.Reserve);
        return site;
    }

    /// <summary>Where one is kept.</summary>
    public static string FileOf(string name) => Path.Join(Golden.Root(), "tests", "fixtures", "repositories", name + ".tar.gz");

    /// <summary>What a point holds, as it was written down when the repository was made: path → kind, mode, time, length, SHA-256, link.</summary>
    public SortedDictionary<string, string> Expected(string backupId)
    {
        var lines = File.ReadAllLines(this[$"expected/{backupId}.txt"]).Select(line => line.Split('\t', 2));
        var expected = new SortedDictionary<string, string>(lines.ToDictionary(line => line[0], line => line[1], StringComparer.Ordinal), StringComparer.Ordinal);
        // Where the temporary files were let go the maker of format 1 left out their folder too, which is of another class and stays.
        expected.TryAdd("temp", "Directory 755 1768030222000000000");
        return expected;
    }

    /// <summary>Its points as they were written down: <c>backup id, class</c>.</summary>
    public string[] ExpectedPoints => File.ReadAllLines(this["expected/points.txt"]);

    public StingConfiguration Load(string file = "a.yaml") => new ConfigurationLoader(new HostView()).Load(this[file]);

    /// <summary>Opens it, as a program that knows these features of the format.</summary>
    public ValueTask<Installation> OpenAsync(string file = "a.yaml", IReadOnlySet<uint>? features = null) =>
        Installation.OpenAsync(new ConfigurationLoader(new HostView()).Examine(this[file]), new InstallationOptions { Clock = Clock, Features = features ?? FormatFeatures.Known, Passphrase = _ => ValueTask.FromResult<SecureString?>(Secure()) }, default);

    public void Write(string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine([Reserve, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    public async Task<BackupResult> BackupAsync(Installation installation, BackupType type = BackupType.Incremental)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default));
    }

    public static async Task<IntegrityResult> VerifyAsync(Installation installation, IntegrityLevel level = IntegrityLevel.Data) =>
        await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = level }, default), output: []);

    /// <summary>Restores a point into a folder of its own and gives it.</summary>
    public async Task<string> RestoreAsync(Installation installation, string backupId, List<StingException>? errors = null)
    {
        var destination = this[$"restored-{Guid.NewGuid():n}"];
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, BackupId = backupId, Destination = destination, AllowPartial = true };   // of the earlier points temporary files were let go
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default), errors);
        return destination;
    }

    /// <summary>Points as <see cref="ExpectedPoints"/> has them.</summary>
    public static async Task<string[]> PointsAsync(Installation installation)
    {
        using var catalog = new Catalog(installation);
        return [.. (await catalog.PointsAsync(new PointQuery(), default).ToListAsync()).Select(p => $"{p.BackupId} {p.DataClass}").Order(StringComparer.Ordinal)];
    }

    /// <summary>Tries without an approval, which must be refused, has the golden approver approve it, and does it.</summary>
    public async Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed)
    {
        var asked = await Assert.ThrowsAsync<StingException>(deed);
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        using var passphrase = OfficerPassphrase();
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(installation.StateFolder, "approvals", asked.Target + ".request"), OfficerKey, Clock), passphrase, Clock);
        return await deed();
    }

    /// <summary>The approver's key file.</summary>
    public string OfficerKey => this["officer.approver"];

    /// <summary>What opens it: as public as the other.</summary>
    public static SecretBytes OfficerPassphrase() => SecretBytes.CopyOf(Encoding.UTF8.GetBytes(Passphrase));

    public void Dispose() => _folder.Dispose();

    private static SecureString Secure()
    {
        var text = new SecureString();
        foreach (var character in Passphrase)
        {
            text.AppendChar(character);
        }
        return text;
    }
}
