using System.Globalization;
using System.Text.RegularExpressions;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Fixtures.PostgreSql;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Fixtures.Sting;

/// <summary>
/// An imitated STING installation: a real PostgreSQL server with its three databases, a Vault (the stand-in) with what people uploaded, and its folders. All that is awkward in a real one is
/// there: STING's own encryption under two master keys, an owner known by number, two rows on one path, deleted rows, orphans, a pending erasure, a legal hold, rows without a file, one
/// person at 92 % of a quota and one with nothing, and the names, links and holes of a sample reserve.
/// </summary>
internal sealed partial class StingSite : IAsyncDisposable
{
    /// <summary>What a backup may do in Vault: docs/operations.md.</summary>
    private const string BackupPolicy = """
        path "sting/metadata/files/*" { capabilities = ["read", "list"] }
        path "sting/data/files/*"     { capabilities = ["read"] }
        """;

    /// <summary>What a restore may do there.</summary>
    private const string RestorePolicy = """
        path "sting/metadata/files/*" { capabilities = ["read", "list", "create", "update"] }
        path "sting/data/files/*"     { capabilities = ["read", "create", "update"] }
        """;

    private StingSite(string root, StingSiteOptions options, StingPlan plan, PostgresCluster cluster, VaultStandIn vault)
    {
        (Root, Options, Plan, Cluster, Vault) = (root, options, plan, cluster, vault);
        (BackupToken, RestoreToken) = (vault.TokenWith(BackupPolicy), vault.TokenWith(RestorePolicy));
    }

    public string Root { get; }
    /// <summary>STING's own folder.</summary>
    public string Install => Path.Join(Root, "install");
    /// <summary>The volume of honey jars' documents.</summary>
    public string Uploads => Path.Join(Root, "uploads");
    public StingSiteOptions Options { get; }
    public StingPlan Plan { get; }
    public PostgresCluster Cluster { get; }
    public VaultStandIn Vault { get; }
    private string BackupToken { get; }
    private string RestoreToken { get; }

    /// <summary>Builds one in a new folder.</summary>
    public static async Task<StingSite> CreateAsync(string root, StingSiteOptions options, CancellationToken cancel = default)
    {
        var site = await EmptyAsync(root, options, withTables: true, cancel);
        try
        {
            StingFolders.Write(root, site.Plan, options, cancel);
            using (var client = site.Vault.Client())
            {
                var secrets = new StingSecrets(client.Kv(), site.Plan, options.Seed);
                await secrets.WriteAsync(site.Plan.Uploads, cancel);
                foreach (var deleted in site.Plan.Uploads.Where(u => u.IsDeleted && u.Row % 2 == 0))
                {
                    await secrets.RemoveAsync(deleted, cancel);
                }
            }
            await new StingRows(site.Cluster, site.Plan, options).FillAsync();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same installation new: folders, tables and mount are there, and nothing in them.</summary>
    /// <param name="root">Where.</param>
    /// <param name="options">Of which installation.</param>
    /// <param name="withTables">False for a server without any of STING's databases.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<StingSite> EmptyAsync(string root, StingSiteOptions options, bool withTables = true, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        Directory.CreateDirectory(Path.Join(root, "install"));
        Directory.CreateDirectory(Path.Join(root, "uploads"));
        var plan = StingPlan.Build(options);
        var vault = await VaultStandIn.StartAsync();
        PostgresCluster? cluster = null;
        try
        {
            vault.Mount("sting").ValueFolder = Directory.CreateDirectory(Path.Join(root, "vault-values")).FullName;
            cluster = await PostgresCluster.StartNewAsync("fsync=off");
            if (withTables)
            {
                await StingTables.CreateAsync(cluster);
                await cluster.ExecuteAsync("postgres", "CREATE ROLE sting_backup LOGIN; GRANT pg_read_all_data TO sting_backup");
            }
            return new StingSite(root, options, plan, cluster, vault);
        }
        catch
        {
            await vault.DisposeAsync();
            await (cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>Makes keys, repository and configuration that protect it, in a folder; gives the configuration's file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="change">Changes what is asked for: a repository in another place, further settings.</param>
    public async Task<string> ProtectAsync(string folder, TimeProvider clock, Func<InitializeRequest, InitializeRequest>? change = null)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Join(folder, "sting-backup.yaml");
        var request = new InitializeRequest
        {
            BackupRoot = Path.Join(folder, "repository"), Reserve = Install, Sting = Describe(), ConfigurationFile = file, KeyDirectory = Path.Join(folder, "keys"), StateDirectory = Path.Join(folder, "state"),
            CacheDirectory = Path.Join(folder, "cache"), LogDirectory = Path.Join(folder, "logs"), TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        var plan = await ReserveInitializer.PlanAsync(change?.Invoke(request) ?? request, default);
        await ReserveInitializer.RunAsync(plan, null, clock, default);
        await WritePrivateAsync(Path.Join(folder, "vault-token"), BackupToken);
        await WritePrivateAsync(Path.Join(folder, "pgpass"), "*:*:*:sting_backup:not asked for\n");
        // Docker's containers would have the programs, and an AppRole the token.
        var text = RoleLine().Replace(await File.ReadAllTextAsync(file), "");
        text = SecretIdLine().Replace(text, $"  token_file: {Path.Join(folder, "vault-token")}");
        // Tests and measurements wait for what nobody else waits for.
        text = text.Replace("\nperformance:\n", "\nperformance:\n  cpu_limit: none\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text.Replace("\npostgresql:\n", $"\npostgresql:\n  tool_directory: {PostgresBinaries.Folder}\n  databases: [{string.Join(", ", StingTables.Databases)}]\n", StringComparison.Ordinal));
        return file;
    }

    /// <summary>Writes the configuration by which a backup of another site is restored into this one; gives its file.</summary>
    public async Task<string> RestoreIntoAsync(StingSite original, string configuration)
    {
        var file = configuration.Replace(".yaml", $"-{Path.GetFileName(Root)}.yaml", StringComparison.Ordinal);
        var token = file + ".token";
        await WritePrivateAsync(token, RestoreToken);
        var text = (await File.ReadAllTextAsync(configuration)).Replace(original.Root, Root, StringComparison.Ordinal)
            .Replace(original.Cluster.Root, Cluster.Root, StringComparison.Ordinal).Replace(string.Create(CultureInfo.InvariantCulture, $"port: {original.Cluster.Port}"), string.Create(CultureInfo.InvariantCulture, $"port: {Cluster.Port}"), StringComparison.Ordinal)
            .Replace("user: sting_backup", "user: postgres", StringComparison.Ordinal)
            .Replace(AddressOf(original.Vault), AddressOf(Vault), StringComparison.Ordinal).Replace(Path.Join(Path.GetDirectoryName(configuration), "vault-token"), token, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text);
        return file;
    }

    /// <summary>The person whom the documentation's commands name.</summary>
    public StingPerson Known => StingPerson.Of(Plan.People[SamplePeople.Known]);

    /// <summary>The person whose files have awkward names.</summary>
    public StingPerson Awkward => StingPerson.Of(Plan.People[SamplePeople.Awkward]);

    /// <summary>Lets a quarter of an hour pass.</summary>
    /// <param name="seed">Which; the same on the same installation does the same.</param>
    /// <param name="share">Share of every source that changes.</param>
    public Task<StingTickReport> TickAsync(int seed, double share = 0.05, CancellationToken cancel = default) => new StingTick(this, seed).RunAsync(share, cancel);

    public async ValueTask DisposeAsync()
    {
        await Vault.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    /// <summary>As discovery would tell of it, had it Docker's containers to ask.</summary>
    private StingInstallation Describe() => new()
    {
        Path = Install, Version = null, SettingsFile = null, Docker = DockerAnswer.NotAsked, DatabaseUser = null, Chroma = null, HasMasterKey = true, NotFound = [],
        Places =
        [
            new(StingPlaceKind.Settings, Path.Join(Install, "conf"), "the fixture", true), new(StingPlaceKind.Secrets, Path.Join(Install, "env"), "the fixture", true), new(StingPlaceKind.JarDocuments, Uploads, "the fixture", true),
            new(StingPlaceKind.HoneyReserve, Path.Join(Install, "honey-reserve"), "the fixture", true), new(StingPlaceKind.TempUploads, Path.Join(Install, "temp-uploads"), "the fixture", true),
            new(StingPlaceKind.Archives, Path.Join(Install, "archives"), "the fixture", true), new(StingPlaceKind.Logs, Path.Join(Install, "logs"), "the fixture", true),
        ],
        Database = new StingServer(Cluster.Root, Cluster.Port, null, "the fixture"), Vault = new StingServer("127.0.0.1", Vault.Address.Port, null, "the fixture") { Scheme = "http" },
    };

    private static string AddressOf(VaultStandIn vault) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{vault.Address.Port}");

    private static async Task WritePrivateAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, "");
        SampleWriter.SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(path, text);
    }

    [GeneratedRegex("^  role_id: sting-backup\n", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex RoleLine();

    [GeneratedRegex("^  secret_id_file: .*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SecretIdLine();
}
