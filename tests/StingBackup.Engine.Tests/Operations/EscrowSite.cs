using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations;

/// <summary>
/// Two sites: site 1 with a host, its keys and an epoch place, site 2 with a copy of the repository, a key store replica and an epoch place. And an approver.
/// </summary>
internal sealed class EscrowSite : IDisposable
{
    private readonly TempFolder _folder = new();
    private NewApproverResult _officer = null!;

    public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());
    public string Reserve => _folder["reserve"];
    public string Site1 => _folder["site1"];
    public string Site2 => _folder["site2"];
    public string Backups => Path.Combine(Site1, "backups");
    public string ConfigurationFile => Path.Combine(Site1, "sting-backup.yaml");

    public string this[string name] => _folder[name];

    public static async Task<EscrowSite> CreateAsync()
    {
        var site = new EscrowSite();
        site.Write("users/ada/diary.txt", string.Concat(Enumerable.Repeat("Ada's diary, planted. ", 4000)));
        site.Write("users/bob/own.txt", "Bob's");
        site.Write("jars/j1/doc.md", "honey");
        var request = new InitializeRequest
        {
            BackupRoot = site.Backups, Reserve = site.Reserve, ConfigurationFile = site.ConfigurationFile, KeyDirectory = Path.Combine(site.Site1, "keys"), StateDirectory = Path.Combine(site.Site1, "state"),
            CacheDirectory = Path.Combine(site.Site1, "cache"), LogDirectory = Path.Combine(site.Site1, "logs"), TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, site.Clock, default);
        // The places move apart, as an administrator moves them.
        foreach (var (from, to) in new[] { ("epoch", "epoch-place"), ("epoch-2", "../site2/epoch-place"), ("store-2", "../site2/store") })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Path.Combine(site.Site1, to)))!);
            Directory.Move(Path.Combine(site.Site1, "keys", from), Path.Combine(site.Site1, to));
        }
        Configure(site.ConfigurationFile, text => text.Replace("\nkeys:\n", $"\nkeys:\n  replicas:\n    - {site.Site2}/store\n  epoch_places:\n    - {site.Site1}/epoch-place\n    - {site.Site2}/epoch-place\n", StringComparison.Ordinal)
            .Replace("# delay_days: 7", "delay_days: 0", StringComparison.Ordinal).Replace("#delay_days: 7", "delay_days: 0", StringComparison.Ordinal));
        await using var installation = await site.OpenAsync();
        await site.BackupAsync(installation);
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        site._officer = ApproverJobs.New(ApproverJobs.PlanNew("Officer", site["officer.approver"]), passphrase, site.Clock, KeyFixture.LittleWork);
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, site._officer.PublicFile, default), default);
        return site;
    }

    public static void Configure(string file, Func<string, string> change) => File.WriteAllText(file, change(File.ReadAllText(file)));

    public StingConfiguration Load(string? file = null) => new ConfigurationLoader(new HostView()).Load(file ?? ConfigurationFile);

    public ValueTask<Installation> OpenAsync(string? file = null) => Installation.OpenAsync(Load(file), new InstallationOptions { Clock = Clock }, default);

    public void Write(string path, string text)
    {
        var full = Path.Combine([Reserve, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public async Task<BackupResult> BackupAsync(Installation installation)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default), default));
    }

    /// <summary>Makes an escrow as its command does: asked for, approved, made.</summary>
    public async Task<KeyEscrowResult> ExportAsync(string folder = "shares", int shares = 5, int threshold = 3)
    {
        await using var installation = await OpenAsync();
        return await ApprovedAsync(installation, async () => await KeyEscrowJob.ExportAsync(installation, await KeyEscrowJob.PlanExportAsync(installation, this[folder], shares, threshold, withPages: true, default), default));
    }

    /// <summary>Tries without an approval, which must be refused, has it approved, and does it.</summary>
    public async Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed)
    {
        var asked = await Assert.ThrowsAsync<StingException>(deed);
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(installation.StateFolder, "approvals", asked.Target + ".request"), _officer.KeyFile, Clock), passphrase, Clock);
        return await deed();
    }

    /// <summary>The whole of site 1 is lost. On a new host there are site 2, a copy of the repository that it kept, and a configuration written anew.</summary>
    public string Lose()
    {
        var copy = Path.Combine(Site2, "backups");
        if (!Directory.Exists(copy))
        {
            Directory.Move(Backups, copy);
        }
        var text = File.ReadAllText(ConfigurationFile);
        Directory.Delete(Site1, recursive: true);
        var site3 = _folder["site3"];
        Directory.CreateDirectory(site3);
        var file = Path.Combine(site3, "sting-backup.yaml");
        File.WriteAllText(file, text.Replace(Backups, copy, StringComparison.Ordinal).Replace(Site1, site3, StringComparison.Ordinal));
        return file;
    }

    public async Task<KeyEscrowImportResult> ImportAsync(string file, IReadOnlyList<string> paths, KeyProtection protection = KeyProtection.Open, SecretBytes? passphrase = null)
    {
        var configuration = Load(file);
        var plan = KeyEscrowImport.Plan(configuration, paths, protection, Clock);
        return await KeyEscrowImport.RunAsync(configuration, plan, passphrase, KeyFixture.LittleWork, Clock, default);
    }

    /// <summary>Restores everything, or one person, and gives the folder.</summary>
    public async Task<string> RestoreAsync(Installation installation, string? user = null)
    {
        var destination = _folder[$"restored-{Guid.NewGuid():n}"];
        var request = new RestoreRequest { Scope = user is null ? RestoreScope.Reserve : RestoreScope.User, Subject = user, Destination = destination };
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default));
        return destination;
    }

    public void Dispose() => _folder.Dispose();
}
