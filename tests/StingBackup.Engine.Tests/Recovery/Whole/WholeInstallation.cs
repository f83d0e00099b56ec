using System.Globalization;
using Amazon.S3.Model;
using StingBackup.Engine.Tests.Sting;
using StingBackup.Fixtures.Ceph;
using StingBackup.Fixtures.Sting;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>
/// A STING with everything, and the places that may take over: each a machine with its own disk, PostgreSQL server and Vault; a local tier on the machine, the remote one in a bucket of a real S3
/// server. Everything is done by the programs, as an administrator would.
/// </summary>
internal sealed class WholeInstallation : IAsyncDisposable
{
    private const string Policy = """
        path "sting/metadata/files/*" { capabilities = ["read", "list", "create", "update"] }
        path "sting/data/files/*"     { capabilities = ["read", "create", "update"] }
        """;

    private readonly string _folder;
    private readonly StingSiteOptions _options;
    private readonly List<StingSite> _sites = [];
    private readonly List<Machine> _machines = [];

    private WholeInstallation(string folder, StingSiteOptions options) => (_folder, _options) = (folder, options);

    public CephCluster S3 { get; private set; } = null!;
    public string Bucket { get; private set; } = "";
    /// <summary>Whose the bucket is: an account of the S3 server for this installation alone.</summary>
    public string Account { get; private set; } = "";
    /// <summary>A client by the first key of the account.</summary>
    public Amazon.S3.AmazonS3Client Client { get; private set; } = null!;
    public string AccessKey { get; private set; } = "";
    /// <summary>What programs see as their machine's disk.</summary>
    public string At => Path.Join(_folder, "machine");
    public string Config => Path.Join(At, "backup", "sting-backup.yaml");
    public Machine Primary { get; private set; } = null!;
    public StingSite Site { get; private set; } = null!;

    /// <summary>An installation in work, with keys, configuration and an empty repository.</summary>
    /// <param name="folder">A new folder.</param>
    /// <param name="options">Of which installation.</param>
    /// <param name="locked">Whether the bucket locks its objects.</param>
    public static async Task<WholeInstallation> CreateAsync(string folder, StingSiteOptions options, bool locked = false)
    {
        var whole = new WholeInstallation(folder, options) { S3 = await CephCluster.GetAsync() };
        try
        {
            whole.Bucket = $"sting-{Path.GetFileName(folder)}-{Guid.NewGuid():n}"[..40];
            whole.Account = whole.Bucket;
            await whole.NewKeyAsync("first");
            whole.Client = whole.S3.NewClient(whole.AccessKey, whole.AccessKey + "secret");
            await whole.Client.PutBucketAsync(new PutBucketRequest { BucketName = whole.Bucket, ObjectLockEnabledForBucket = locked });
            whole.Primary = whole.NewMachine("sting-primary");
            whole.Site = await StingSite.CreateAsync(whole.Primary["site"], options);
            whole._sites.Add(whole.Site);
            var file = await whole.Site.ProtectAsync(whole.Primary["backup"], TimeProvider.System);
            Join(whole.Primary, whole.Site, "pg");
            await whole.ConfigureAsync(file, locked);
            await GiveAsync(whole.Primary, whole.Site);
            return whole;
        }
        catch
        {
            await whole.DisposeAsync();
            throw;
        }
    }

    /// <summary>A key of the account, for all machines from now on.</summary>
    public async Task NewKeyAsync(string name)
    {
        var isFirst = AccessKey.Length == 0;
        AccessKey = $"{name}{Guid.NewGuid():n}"[..20];
        await S3.AdminAsync([.. isFirst ? (string[])["user", "create", "--display-name=sting"] : ["key", "create", "--key-type=s3"], $"--uid={Account}", $"--access-key={AccessKey}", $"--secret-key={AccessKey}secret"]);
        foreach (var machine in _machines)
        {
            (machine.Environment["AWS_ACCESS_KEY_ID"], machine.Environment["AWS_SECRET_ACCESS_KEY"]) = (AccessKey, AccessKey + "secret");
        }
    }

    /// <summary>A machine that may take over: configuration, keys and the logins of its own servers, and nothing else.</summary>
    /// <param name="name">Its host name.</param>
    /// <param name="socket">The folder by which it reaches its database server.</param>
    public async Task<(Machine Machine, StingSite Site)> AddAsync(string name, string socket = "pg")
    {
        var machine = NewMachine(name);
        var site = await StingSite.EmptyAsync(machine["site"], _options, withTables: false);
        _sites.Add(site);
        foreach (var folder in (string[])["site/install", "site/uploads"])
        {
            Directory.Delete(machine[folder], recursive: true);   // restores make them
        }
        Join(machine, site, socket);
        Directory.CreateDirectory(machine["backup"]);
        await CopyAsync(Primary["backup/keys"], machine["backup/keys"]);
        File.Copy(Primary["backup/sting-backup.yaml"], machine["backup/sting-backup.yaml"]);
        await GiveAsync(machine, site);
        return (machine, site);
    }

    /// <summary>Another installation in the place of the one on a machine: what was built anew.</summary>
    public async Task<StingSite> RebuildAsync(Machine machine)
    {
        var site = await StingSite.EmptyAsync(machine["site"], _options, withTables: false);
        _sites.Add(site);
        Join(machine, site, "pg");
        await GiveAsync(machine, site);
        return site;
    }

    /// <summary>Changes settings of a machine's file: section and line.</summary>
    public static void Set(Machine machine, params (string Section, string Line)[] settings)
    {
        var file = machine["backup/sting-backup.yaml"];
        var text = File.ReadAllText(file);
        foreach (var (section, line) in settings)
        {
            Assert.Contains($"\n{section}:\n", text, StringComparison.Ordinal);
            text = text.Replace($"\n{section}:\n", $"\n{section}:\n  {line}\n", StringComparison.Ordinal);
        }
        File.WriteAllText(file, text);
    }

    public static string AddressOf(StingSite site) => site.Vault.Address.GetLeftPart(UriPartial.Authority);

    /// <summary>Points a machine's configuration at another Vault.</summary>
    public static void UseVault(Machine machine, StingSite was, StingSite now)
    {
        var file = machine["backup/sting-backup.yaml"];
        File.WriteAllText(file, File.ReadAllText(file).Replace(AddressOf(was), AddressOf(now), StringComparison.Ordinal));
    }

    /// <summary>A program of this project on a machine.</summary>
    public Task<ProgramEnd> RunAsync(Machine machine, string program, params IEnumerable<string> words) => machine.RunAsync([program, .. words, "--config", Config]);

    /// <summary>Starts the capture of the database's log and waits till commits wait for it.</summary>
    public async Task CaptureAsync(Machine machine)
    {
        machine.Start("sting-backup", "capture", "--config", Config, "--confirm");
        for (var look = 1; ; look++)
        {
            var status = await RunAsync(machine, "sting-backup", "capture-status", "--json");
            if (status.Output.Contains("\"commitsWait\": true", StringComparison.Ordinal) && status.Output.Contains("Streaming", StringComparison.Ordinal))
            {
                return;
            }
            Assert.True(look < 30, $"the capture does not stream: {status.Output} {status.Errors}");
            await Task.Delay(200);
        }
    }

    /// <summary>A bucket as a replica of this one: what a server that replicates would have brought there by now.</summary>
    public async Task<string> ReplicateAsync()
    {
        var replica = $"replica-{Guid.NewGuid():n}"[..40];
        await Client.PutBucketAsync(replica);
        string? next = null;
        do
        {
            var page = await Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, ContinuationToken = next });
            foreach (var item in page.S3Objects ?? [])
            {
                await Client.CopyObjectAsync(Bucket, item.Key, replica, item.Key);
            }
            next = page.NextContinuationToken;
        }
        while (next is not null);
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        _machines.ForEach(m => m.Dispose());
        foreach (var site in _sites)
        {
            await site.DisposeAsync();
        }
    }

    private Machine NewMachine(string name)
    {
        var machine = new Machine(name, Path.Join(_folder, name), At);
        (machine.Environment["AWS_ACCESS_KEY_ID"], machine.Environment["AWS_SECRET_ACCESS_KEY"]) = (AccessKey, AccessKey + "secret");
        _machines.Add(machine);
        return machine;
    }

    /// <summary>The server's socket under a name and number that are the same on every machine.</summary>
    private static void Join(Machine machine, StingSite site, string socket)
    {
        var link = Path.Join(Directory.CreateDirectory(machine[socket]).FullName, ".s.PGSQL.5432");
        File.Delete(link);
        File.CreateSymbolicLink(link, Path.Join(site.Cluster.Root, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{site.Cluster.Port}")));
    }

    private async Task ConfigureAsync(string file, bool locked)
    {
        var text = (await File.ReadAllTextAsync(file)).Replace(Primary.Folder, At, StringComparison.Ordinal).Replace(Site.Cluster.Root, Path.Join(At, "pg"), StringComparison.Ordinal)
            .Replace(string.Create(CultureInfo.InvariantCulture, $"port: {Site.Cluster.Port}"), "port: 5432", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text);
        // One replica of the key store lies where every site sees it.
        var shared = Directory.CreateDirectory(Path.Join(_folder, "shared")).FullName;
        Directory.Move(Primary["backup/keys/store-2"], Path.Join(shared, "store"));
        Set(Primary, ("keys", $"replicas: [\"{Path.Join(shared, "store")}\"]"));
        Set(Primary, ("remote", $"location: s3://{Bucket}/main\n  endpoint: {S3.Address.GetLeftPart(UriPartial.Authority)}\n  credentials: environment{(locked ? "\n  object_lock: governance\n  only_writer: sting-primary" : "")}"), ("local", "max_percent: 100"),
            ("postgresql", "restore_user: postgres"), ("capture", "enabled: true"));
    }

    /// <summary>Logins of its own: a token of the Vault, a password that is not asked for.</summary>
    public static async Task GiveAsync(Machine machine, StingSite site)
    {
        foreach (var (name, text) in new[] { ("vault-token", site.Vault.TokenWith(Policy)), ("pgpass", "*:*:*:*:not asked for\n") })
        {
            var path = machine[$"backup/{name}"];
            await File.WriteAllTextAsync(path, "");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            await File.WriteAllTextAsync(path, text);
        }
    }

    private static async Task CopyAsync(string from, string to)
    {
        using var copy = System.Diagnostics.Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync();
        Assert.Equal(0, copy.ExitCode);
    }
}

/// <summary>What an installation held at a moment, by SQL, by Vault's API and from the disk; steady writes left out.</summary>
internal sealed record WholeImage(IReadOnlyList<string> Rows, IReadOnlyDictionary<string, string> Secrets, IReadOnlyDictionary<string, string> Files)
{
    public static async Task<WholeImage> TakeAsync(StingSite site) => new([.. (await SiteImage.RowsAsync(site)).Where(IsKept).Order(StringComparer.Ordinal)], Kept(await SiteImage.SecretsAsync(site)), Kept(SiteImage.Files(site)));

    /// <summary>Compares; gives what was compared.</summary>
    public string RequireSame(WholeImage other)
    {
        Assert.Equal(Rows, other.Rows);
        RequireSame("secret", Secrets, other.Secrets);
        RequireSame("file", Files, other.Files);
        return string.Create(CultureInfo.InvariantCulture, $"{Rows.Count:N0} rows, {Secrets.Count:N0} secrets, {Files.Count:N0} files alike");
    }

    private static void RequireSame(string what, IReadOnlyDictionary<string, string> mine, IReadOnlyDictionary<string, string> its)
    {
        var apart = mine.Keys.Union(its.Keys).Where(key => mine.GetValueOrDefault(key) != its.GetValueOrDefault(key)).ToList();
        Assert.True(apart.Count == 0, $"{apart.Count} of {its.Count} {what}s differ: {string.Join("; ", apart.Take(5).Select(key => $"{key}: {mine.GetValueOrDefault(key) ?? "none"}, and should be {its.GetValueOrDefault(key) ?? "none"}"))}");
    }

    /// <summary>Looks whether all files are in a folder that got the reserve, wherever it puts what came from other folders.</summary>
    public void RequireFilesApart(string folder)
    {
        var apart = Restore.FolderImage.Files(folder).ToLookup(f => f.Value, f => f.Key, StringComparer.Ordinal);
        // A second name says which its first one is, by its path.
        var missing = Files.Where(f => !f.Value.Contains(" is ", StringComparison.Ordinal) && !apart[f.Value].Any(p => p.EndsWith(f.Key[(f.Key.IndexOf('/', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal))).ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} of {Files.Count} files are missing from what came back apart, or differ, such as {missing.FirstOrDefault()}");
    }

    private static bool IsKept(string line) => !line.Contains(SteadyWrites.Mark, StringComparison.Ordinal);

    private static SortedDictionary<string, string> Kept(SortedDictionary<string, string> all) => new(all.Where(p => IsKept(p.Key)).ToDictionary(), StringComparer.Ordinal);
}
