using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Operations.Checks;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Reserve;

namespace StingBackup.Engine.Tests.Operations.Checks;

public sealed class ConfigurationProbeTests
{
    private const string Yaml = """
        repository: {backup_root: /b}
        reserve:
          path: /r
        keys: {directory: /k, replicas: [/k2], epoch_places: [/e1, /e2]}
        time_zone: UTC
        state_directory: /s
        cache_directory: /c
        log_directory: /l
        """;

    private static readonly DateTimeOffset Now = new(2024, 1, 15, 2, 0, 0, TimeSpan.Zero);

    /// <summary>A host on which all is well.</summary>
    private static FakeHost Sound()
    {
        var host = new FakeHost().WithFile("/etc/sting-backup.yaml", Yaml).WithFile("/r/users.csv", "id,email\n1,ann@example.com");
        foreach (var folder in (string[])["/b", "/r", "/r/users", "/r/jars", "/r/users/1", "/r/jars/j1", "/r/jars/j2", "/k", "/k2", "/e1", "/e2", "/s", "/c", "/l", "/"])
        {
            host.WithFolder(folder);
            host.Modes[folder] = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        }
        return host;
    }

    private static async Task<List<ConfigurationFinding>> Run(FakeHost host, ProbeFacts? facts = null, params IConfigurationCheck[] more)
    {
        var context = new ProbeContext(new ConfigurationLoader(host).Examine("/etc/sting-backup.yaml"), host, new FakeTimeProvider(Now),
            facts ?? new ProbeFacts { NewestPoint = Now.AddMinutes(-15), HasPassphrase = true, PassphraseOpens = true });
        var found = new List<ConfigurationFinding>();
        await foreach (var finding in new ConfigurationProbe(more).RunAsync(context, CancellationToken.None))
        {
            found.Add(finding);
        }
        return found;
    }

    private static async Task<ConfigurationFinding> TheOne(FakeHost host, FindingSeverity severity, ProbeFacts? facts = null) =>
        Assert.Single(await Run(host, facts), f => f.Severity == severity);

    [Fact]
    public async Task Where_all_is_well_each_check_says_so()
    {
        var found = await Run(Sound());
        Assert.All(found, f => Assert.Equal((FindingSeverity.Information, ""), (f.Severity, f.Remedy)));
        Assert.Equal(
            ["reserve.path", "reserve.users_map", "repository.backup_root", "keys.directory", "keys.replicas", "keys.epoch_places", "time_zone", "state_directory", "cache_directory", "log_directory",
                "performance.cpu_limit", "performance.memory_limit", "performance.io_priority", "performance.network_priority"],
            found.Select(f => f.Key).Distinct());
        Assert.Contains(found, f => f.Problem.Contains("with 1 people and 2 honey jars", StringComparison.Ordinal) && f is { File: "/etc/sting-backup.yaml", Line: 3 });
        Assert.Contains(found, f => f.Problem.Contains("20 % full, 800.0 GB are free", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Problem.Contains("2024-01-15 02:00:00 +00:00", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reserve_that_is_not_there_is_an_error()
    {
        var host = Sound();
        host.Directories.Remove("/r");
        Assert.Contains("no folder /r", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/r")]
    [InlineData("/r/users")]
    [InlineData("/r/jars")]
    public async Task A_reserve_that_may_not_be_read_is_an_error(string folder)
    {
        var host = Sound();
        host.Unreadable.Add(folder);
        Assert.StartsWith($"{folder} may not be read", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_users_map_with_bad_rows_or_missing_people_is_told()
    {
        var host = Sound().WithFile("/r/users.csv", "id\nx");
        Assert.Contains("/r/users.csv:2", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
        host = Sound().WithFolder("/r/users/bob");
        Assert.Contains("does not name 1 of 2 folders in users/: bob", (await TheOne(host, FindingSeverity.Warning)).Problem, StringComparison.Ordinal);
        host.Files.Remove("/r/users.csv");
        Assert.Contains(await Run(host), f => f is { Key: "reserve.users_map", Severity: FindingSeverity.Information });
    }

    [Fact]
    public async Task A_repository_that_may_not_be_written_is_an_error()
    {
        var host = Sound();
        host.Writable.Remove("/b");
        Assert.StartsWith("/b may not be written", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_is_not_there_yet_is_a_warning_where_it_can_be_made()
    {
        var host = Sound();
        host.Directories.Remove("/b");
        Assert.Contains("no folder /b", (await TheOne(host, FindingSeverity.Warning)).Problem, StringComparison.Ordinal);
        host.Writable.Remove("/");
        Assert.Contains("/ may not be written", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(201, FindingSeverity.Information)]
    [InlineData(199, FindingSeverity.Warning)]
    [InlineData(99, FindingSeverity.Warning)]
    public async Task Room_is_told_as_the_strategy_weighs_it(long freeOfThousand, FindingSeverity severity)
    {
        var host = Sound();
        host.Room = (freeOfThousand * 1_000_000_000, 1000 * 1_000_000_000L);
        var room = Assert.Single(await Run(host), f => f.Problem.Contains("% full", StringComparison.Ordinal));
        Assert.Equal((severity, freeOfThousand < 100), (room.Severity, room.Problem.Contains("critical", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_disk_that_is_all_but_full_is_an_error_and_one_that_says_nothing_a_warning()
    {
        var host = Sound();
        host.Room = (999_999_999, 2_000_000_000);
        Assert.Contains("1.0 GB are free", (await TheOne(host, FindingSeverity.Error)).Problem, StringComparison.Ordinal);
        host.Room = null;
        Assert.Contains("cannot be told", (await TheOne(host, FindingSeverity.Warning)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/k", "keys.directory")]
    [InlineData("/k2", "keys.replicas")]
    [InlineData("/e2", "keys.epoch_places")]
    public async Task A_place_of_keys_that_is_gone_or_open_to_others_is_told(string folder, string key)
    {
        var host = Sound();
        host.Modes[folder] = (UnixFileMode)0b111_101_101;
        var open = await TheOne(host, FindingSeverity.Warning);
        Assert.Equal((key, $"chmod 700 {folder}"), (open.Key, open.Remedy));
        Assert.Contains("mode 755", open.Problem, StringComparison.Ordinal);
        host = Sound();
        host.Unreadable.Add(folder);
        Assert.Contains(await Run(host), f => f.Key == key && f.Problem.Contains("restores need it", StringComparison.Ordinal));
        host = Sound();
        host.Directories.Remove(folder);
        Assert.Equal(key, (await TheOne(host, FindingSeverity.Error)).Key);
    }

    [Fact]
    public async Task Keys_in_one_place_are_a_warning()
    {
        var host = Sound().WithFile("/etc/sting-backup.yaml", Yaml.Replace(", replicas: [/k2], epoch_places: [/e1, /e2]", "", StringComparison.Ordinal));
        Assert.Equal(["keys.replicas", "keys.epoch_places"], (await Run(host)).Where(f => f.Severity == FindingSeverity.Warning).Select(f => f.Key));
        host.WithFile("/etc/sting-backup.yaml", Yaml.Replace("[/e1, /e2]", "[/e1]", StringComparison.Ordinal));
        Assert.Contains("one copy of the epoch secret", (await TheOne(host, FindingSeverity.Warning)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, FindingSeverity.Information)]
    [InlineData(true, null, FindingSeverity.Information)]
    [InlineData(true, true, FindingSeverity.Information)]
    [InlineData(true, false, FindingSeverity.Error)]
    [InlineData(false, null, FindingSeverity.Warning)]
    public async Task How_the_key_file_is_protected_is_told(bool? has, bool? opens, FindingSeverity severity) =>
        Assert.Contains(await Run(Sound(), new ProbeFacts { HasPassphrase = has, PassphraseOpens = opens }), f => f.Severity == severity && f.Problem.Contains("local key file", StringComparison.Ordinal));

    [Fact]
    public async Task A_clock_behind_the_newest_restore_point_is_an_error()
    {
        Assert.DoesNotContain(await Run(Sound(), new ProbeFacts { NewestPoint = Now.AddMinutes(1), HasPassphrase = true }), f => f.Severity == FindingSeverity.Error);
        var error = await TheOne(Sound(), FindingSeverity.Error, new ProbeFacts { NewestPoint = Now.AddMinutes(3), HasPassphrase = true });
        Assert.Contains("2024-01-15 02:03:00", error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/s", "state_directory")]
    [InlineData("/c", "cache_directory")]
    [InlineData("/l", "log_directory")]
    public async Task A_folder_of_the_host_that_may_not_be_written_is_an_error(string folder, string key)
    {
        var host = Sound();
        host.Writable.Remove(folder);
        Assert.Equal(key, (await TheOne(host, FindingSeverity.Error)).Key);
        host = Sound();
        host.Directories.Remove(folder);
        Assert.Contains(await Run(host), f => f.Key == key && f.Problem.Contains("can be made", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_further_check_is_run_and_its_failure_is_a_finding()
    {
        var found = await Run(Sound(), null, new Failing(), new Failing());
        Assert.Equal(4, found.TakeLast(4).Count(f => f.Problem is "so far" or "tier: The store is gone."));
        Assert.Equal("Look.", found[^1].Remedy);
    }

    [Fact]
    public void A_configuration_with_errors_is_not_probed()
    {
        var host = Sound().WithFile("/etc/sting-backup.yaml", "a: 1");
        Assert.Equal("ConfigurationInvalid", Assert.Throws<StingException>(() => new ProbeContext(new ConfigurationLoader(host).Examine("/etc/sting-backup.yaml"), host, TimeProvider.System, new())).ErrorId);
    }

    [Fact]
    public async Task The_probe_leaves_real_folders_as_they_were()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["b", "r", "k", "s", "c", "l"])
        {
            Directory.CreateDirectory(folder[name]);
            Directory.SetLastWriteTimeUtc(folder[name], DateTime.UnixEpoch);
        }
        var host = new HostView();
        var examined = new ConfigurationLoader(host).ExamineText(Yaml.Replace(" /", " " + folder.Path + "/", StringComparison.Ordinal).Replace("[/", "[" + folder.Path + "/", StringComparison.Ordinal), folder["config.yaml"]);
        await foreach (var _ in new ConfigurationProbe().RunAsync(new ProbeContext(examined, host, TimeProvider.System, new()), CancellationToken.None))
        {
        }
        Assert.Equal(["b", "c", "k", "l", "r", "s"], Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetDirectories(folder.Path), d => Assert.Equal(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(d)));
    }

    private sealed class Failing : IConfigurationCheck
    {
        public string Name => "tier";

        public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.Yield();
            yield return context.Found(FindingSeverity.Information, null, "so far");
            throw new StingException("StoreUnavailable", FailureKind.Io, "The store is gone.", null, "Look.");
        }
    }
}
