using System.Security.Cryptography;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Clean;
using StingBackup.Engine.Tests.Guardian;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Restore.Clean;

/// <summary>The moment at which a file went bad is found by halving its history.</summary>
public sealed class CorruptionSearchTests : IAsyncLifetime
{
    private const string File = $"{GuardianFixture.Ann}/ledger.csv";
    private const int Versions = 24, FirstBad = 17;

    private TestInstallation _test = null!;
    private readonly List<string> _firstRuns = [], _lastRuns = [];
    private readonly List<byte[]> _contents = [];
    private readonly Random _random = new(3);

    public async Task InitializeAsync()
    {
        _test = Make();
        _test.Write($"{GuardianFixture.Ann}/fine.txt", "always the same"u8);
        for (var i = 0; i < Versions; i++)
        {
            _contents.Add(i < FirstBad ? SimulatedContent.Make(Format.Csv, 3000 + i, _random) : SimulatedContent.Make(Format.Opaque, 3000 + i, _random));
            _test.Write(File, _contents[i]);
            _firstRuns.Add((await _test.BackupAsync()).BackupId!);
            _lastRuns.Add(_firstRuns[^1]);
            if (i == FirstBad - 1)
            {
                _lastRuns[^1] = (await _test.BackupAsync()).BackupId!;   // a run later the last good version still stands
            }
        }
    }

    public async Task DisposeAsync() => await _test.DisposeAsync();

    [Fact]
    public async Task By_name_it_takes_a_handful_of_tests()
    {
        var window = Assert.Single(await SearchAsync("ledger.csv", null, c => c.TestByName(default)));
        Assert.Equal((CorruptionVerdict.Found, _lastRuns[FirstBad - 1], _firstRuns[FirstBad]), (window.Verdict, window.LastGoodBackupId, window.FirstBadBackupId));
        Assert.Equal(Versions, window.Versions);
        Assert.InRange(window.Tested, 3, 7);
        Assert.Contains("should be text", window.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_person_s_files_the_bad_ones_are_found_and_the_others_cost_one_test()
    {
        var windows = await SearchAsync(null, GuardianFixture.Ann["users/".Length..], c => c.TestByName(default));
        Assert.Equal(2, windows.Count);
        Assert.Equal((CorruptionVerdict.Good, 1), windows.Single(w => w.Path.EndsWith("fine.txt", StringComparison.Ordinal)) is var fine ? (fine.Verdict, fine.Tested) : default);
        Assert.Equal(CorruptionVerdict.Found, windows.Single(w => w.Path.EndsWith("ledger.csv", StringComparison.Ordinal)).Verdict);
    }

    [Fact]
    public async Task By_the_hash_of_the_one_good_version_it_is_found_wherever_it_stands()
    {
        // Good is exactly one in the middle: nothing can be halved, so that it is looked for one by one.
        var hash = SHA256.HashData(_contents[9]);
        var window = Assert.Single(await SearchAsync("ledger.csv", null, c => c.TestByHashAsync(hash, default).AsTask().GetAwaiter().GetResult()));
        Assert.Equal((CorruptionVerdict.Found, _lastRuns[9], _firstRuns[10]), (window.Verdict, window.LastGoodBackupId, window.FirstBadBackupId));
        Assert.Equal(CorruptionVerdict.AlwaysBad, Assert.Single(await SearchAsync("ledger.csv", null, c => c.TestByHashAsync(new byte[32], default).AsTask().GetAwaiter().GetResult())).Verdict);
    }

    [Fact]
    public async Task Whoever_tests_gets_the_content()
    {
        var path = Path.Combine(_test.Root, "fetched");
        var seen = new List<byte[]>();
        await SearchAsync("ledger.csv", null, c =>
        {
            c.FetchAsync(path, default).AsTask().GetAwaiter().GetResult();
            seen.Add(System.IO.File.ReadAllBytes(path));
            c.Answer(_contents.FindIndex(content => content.AsSpan().SequenceEqual(seen[^1])) < 5);
        });
        Assert.Equal(_contents[^1], seen[0]);
        Assert.Equal(_contents[0], seen[1]);
        Assert.Equal("ItemNotFound", (await Assert.ThrowsAsync<StingException>(() => SearchAsync("nothing.here", null, c => c.Answer(true)))).ErrorId);
    }

    [Fact]
    public async Task Halving_names_the_turn_wherever_it_is()
    {
        for (var turn = 1; turn < Versions; turn++)
        {
            var at = turn;
            var window = Assert.Single(await SearchAsync("ledger.csv", null, c => c.Answer(c.Next < at)));
            Assert.Equal((_lastRuns[at - 1], _firstRuns[at]), (window.LastGoodBackupId, window.FirstBadBackupId));
            Assert.True(window.Tested <= 7, $"{window.Tested} tests for the turn at {turn}");
        }
    }

    private static TestInstallation Make() => new();

    private async Task<List<CorruptionWindow>> SearchAsync(string? pattern, string? user, Action<CorruptionCase> test)
    {
        using var search = new CorruptionSearch(_test.Installation, null);
        var found = new List<CorruptionWindow>();
        await foreach (var one in search.CasesAsync(pattern, user, new PointQuery(), default))
        {
            while (one.Next is not null)
            {
                test(one);
            }
            found.Add(one.Result());
        }
        return found;
    }
}
