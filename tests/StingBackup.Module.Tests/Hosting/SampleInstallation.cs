using System.Security;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Legacy;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>
/// A small installation with the names that the help uses: the file document.pdf of user@example.com, the honey jar jar_123, and two runs,
/// backup_20240115_020000 (full) and backup_20240116_020000 (incremental, after a change); and old-backups, with an archive that STING itself made in November 2023; and shares, with three shares of an escrow of its keys. Its folder holds sting-backup.yaml, so a session there finds it.
/// </summary>
internal sealed class SampleInstallation : IDisposable
{
    /// <summary>The first run.</summary>
    public const string FirstRun = "backup_20240115_020000";
    /// <summary>The second run.</summary>
    public const string SecondRun = "backup_20240116_020000";
    /// <summary>The passphrase of one that is sealed.</summary>
    public const string Passphrase = "correct horse";

    private static readonly Lazy<SampleInstallation> Open = new(() => Create(passphrase: null));
    private static readonly Lazy<SampleInstallation> Sealed = new(() => Create(Passphrase));

    private readonly TemporaryFolder _folder = new();

    /// <summary>Where it lies.</summary>
    public string Folder => _folder.Path;
    /// <summary>A path within it.</summary>
    public string this[params string[] parts] => _folder[parts];

    /// <summary>A copy of its own for one test, whose key file is open.</summary>
    public static SampleInstallation Copy() => CopyOf(Open.Value);

    /// <summary>A copy of its own for one test, whose key file is sealed by <see cref="Passphrase"/>.</summary>
    public static SampleInstallation SealedCopy() => CopyOf(Sealed.Value);

    /// <summary>A session with the module, in its folder.</summary>
    public HostedShell OpenShell()
    {
        var shell = HostedShell.WithModule();
        shell.Run("param($path) $null = $ExecutionContext.SessionState.Path.SetLocation($path)", ("path", Folder)).Succeeded();
        return shell;
    }

    /// <summary>A file of class Secrets, and the rule that says so; the next run takes it.</summary>
    public void AddSecret(string text)
    {
        Write("env/app.env", text);
        var configuration = this["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nreserve:\n", "\nreserve:\n  rules:\n    - {glob: \"env/**\", class: Secrets}\n", StringComparison.Ordinal));
    }

    /// <summary>Names a collector of OpenTelemetry, at which nothing listens.</summary>
    public void AddCollector() => File.WriteAllText(this["sting-backup.yaml"], File.ReadAllText(this["sting-backup.yaml"]).Replace("\nmetrics:\n", "\nmetrics:\n  otlp_endpoint: http://127.0.0.1:9/v1/metrics\n", StringComparison.Ordinal));

    /// <summary>A remote tier: the folder remote, empty until something is copied there.</summary>
    public void AddRemoteTier(string location = "remote")
    {
        if (location == "remote")
        {
            Directory.CreateDirectory(this["remote"]);
        }
        var configuration = this["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nlocal:\n", "\nlocal:\n  max_percent: 100\n", StringComparison.Ordinal).Replace("\nremote:\n", $"\nremote:\n  location: {location}\n", StringComparison.Ordinal));
    }

    /// <summary>The passphrase as cmdlets take it.</summary>
    public static SecureString SecurePassphrase
    {
        get
        {
            var secret = new SecureString();
            foreach (var c in Passphrase)
            {
                secret.AppendChar(c);
            }
            return secret;
        }
    }

    private static SampleInstallation CopyOf(SampleInstallation original)
    {
        var copy = new SampleInstallation();
        foreach (var folder in Directory.EnumerateDirectories(original.Folder, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(copy[Path.GetRelativePath(original.Folder, folder)]);
        }
        foreach (var file in Directory.EnumerateFiles(original.Folder, "*", SearchOption.AllDirectories))
        {
            // Carries modes and times over, which the next incremental run looks at.
            File.Copy(file, copy[Path.GetRelativePath(original.Folder, file)]);
        }
        foreach (var configuration in (string[])[copy["sting-backup.yaml"], copy["web-1.yaml"]])
        {
            File.WriteAllText(configuration, File.ReadAllText(configuration).Replace(original.Folder, copy.Folder, StringComparison.Ordinal));
        }
        return copy;
    }

    private static SampleInstallation Create(string? passphrase)
    {
        var sample = new SampleInstallation();
        sample.Write("users/user@example.com/document.pdf", "%PDF-1.7 the first version");
        sample.Write("users/user@example.com/notes/todo.txt", "buy honey");
        sample.Write("users/other@example.com/picture.png", new string('x', 70_000));
        sample.Write("jars/jar_123/readme.md", "# Jar 123\n");
        sample.Write("jars/jar_123/report.csv", string.Join('\n', Enumerable.Range(0, 5_000)));
        sample.Write("jars/jar_456/readme.md", "# Jar 456\n");
        sample.Write("conf/config.yml", "version: 1\n");
        using var old = OldArchive.Sample("20231102_020000");
        old.Save(sample["old-backups"], "sting_backup_20231102_020000.tar.gz");
        var clock = new FakeTimeProvider(new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.Zero));
        using var secret = passphrase is null ? null : Installation.ToSecret(SecurePassphrase);
        Run(async () =>
        {
            var request = new InitializeRequest
            {
                BackupRoot = sample["backups"], Reserve = sample["reserve"], ConfigurationFile = sample["sting-backup.yaml"], KeyDirectory = sample["keys"],
                StateDirectory = sample["state"], CacheDirectory = sample["cache"], LogDirectory = sample["logs"], TimeZone = "UTC", WithPassphrase = passphrase is not null, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
            };
            var plan = await ReserveInitializer.PlanAsync(request, CancellationToken.None);
            await ReserveInitializer.RunAsync(plan, secret, clock, CancellationToken.None);
            // The configuration of another machine over the same repository, which has no keys yet.
            var other = File.ReadAllText(sample["sting-backup.yaml"]);
            foreach (var folder in (string[])["keys", "state", "cache", "logs"])
            {
                other = other.Replace(sample[folder], sample["web-1", folder], StringComparison.Ordinal);
            }
            File.WriteAllText(sample["web-1.yaml"], other);
            await sample.BackupAsync(BackupType.Full, clock);
            sample.Write("users/user@example.com/document.pdf", "%PDF-1.7 the second version, which is longer");
            sample.Write("jars/jar_123/new.md", "# New\n");
            File.Delete(sample["reserve", "users", "user@example.com", "notes", "todo.txt"]);
            clock.Advance(TimeSpan.FromDays(1));
            await sample.BackupAsync(BackupType.Incremental, clock);
            if (passphrase is null)
            {
                using var elsewhere = CopyOf(sample);
                await elsewhere.ExportSharesAsync(clock, sample["shares"]);
            }
        });
        return sample;
    }

    /// <summary>Three shares of an escrow, two needed. Its approval and its record stay in this copy.</summary>
    private async Task ExportSharesAsync(TimeProvider clock, string folder)
    {
        await using var installation = await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(this["sting-backup.yaml"]), new InstallationOptions { Clock = clock }, CancellationToken.None);
        using var words = Installation.ToSecret(SecurePassphrase)!;
        var officer = ApproverJobs.New(ApproverJobs.PlanNew("Officer", this["officer.approver"]), words, clock, new Argon2Parameters(64, 1, 1));
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, officer.PublicFile, CancellationToken.None), CancellationToken.None);
        var plan = await KeyEscrowJob.PlanExportAsync(installation, folder, 3, 2, withPages: false, CancellationToken.None);
        var asked = await Assert.ThrowsAsync<StingException>(() => KeyEscrowJob.ExportAsync(installation, plan, CancellationToken.None));
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(installation.StateFolder, "approvals", asked.Target + ".request"), officer.KeyFile, clock), words, clock);
        await KeyEscrowJob.ExportAsync(installation, plan, CancellationToken.None);
        for (var number = 1; number <= 3; number++)
        {
            File.Move(Directory.GetFiles(folder, $"*-share-{number}.txt").Single(), Path.Combine(folder, $"share-{number}.txt"));
        }
    }

    private async Task BackupAsync(BackupType type, TimeProvider clock)
    {
        var configuration = new ConfigurationLoader(new HostView()).Load(this["sting-backup.yaml"]);
        await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions { Clock = clock }, CancellationToken.None);
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, CancellationToken.None);
        await foreach (var happened in BackupJob.RunAsync(installation, plan, CancellationToken.None))
        {
            Assert.False(happened is ItemFailedEvent, happened.ToString());
        }
    }

    // Blocks a thread of the pool, not one of xunit's few, which would wait for each other.
    private static void Run(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();

    private void Write(string path, string text)
    {
        var full = this[["reserve", .. path.Split('/')]];
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
