using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations;

public sealed class StatusReaderTests
{
    [Fact]
    public async Task Before_the_first_run_nothing_is_well()
    {
        await using var test = new TestInstallation();
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal(Health.Bad, status.Health);
        Assert.Null(status.LastRun);
        Assert.Null(status.DeduplicationRatio);
        Assert.Empty(status.Classes);
        Assert.Empty(status.Damage);
    }

    [Fact]
    public async Task A_run_without_errors_is_shown_by_class_with_its_age()
    {
        await using var test = new TestInstallation();
        test.Write("users/ada/a.bin", SampleRepository.Noise(1, 100_000));
        test.Write("jars/j1/b.txt", "honey"u8);
        var run = await test.BackupAsync();
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromHours(3));
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal(Health.Good, status.Health);
        Assert.Equal((JobState.Completed, 2L), (status.LastRun!.State, status.LastRun.Sequence));
        var users = status.Classes.Single(c => c.DataClass == DataClass.UserFiles);
        Assert.Equal((2L, 100_000L, 0L, 2L), (users.Items, users.Length, users.Errors, users.Points));   // the folder and the file
        Assert.Equal(TimeSpan.FromHours(3), users.Age);
        Assert.Equal(users.Time, users.LastSuccess);
        Assert.NotEqual(run.BackupId, users.BackupId);
        Assert.Equal(2, status.Points);
        // Two points over content kept once, that does not compress.
        Assert.InRange(status.DeduplicationRatio!.Value, 1.99, 2.01);
        Assert.InRange(status.CompressionRatio!.Value, 0.97, 1.0);
        Assert.Equal(status.StoreLength, status.Store.Sum(u => u.Length));
        Assert.Equal("data", status.Store[0].Kind);
        Assert.Equal(2, status.Store.Single(u => u.Kind == "points").Objects);
        Assert.NotNull(status.RoomFree);
    }

    [Fact]
    public async Task A_run_with_errors_is_never_green()
    {
        await using var test = new TestInstallation();
        test.Write("users/ada/a.txt", "one"u8);
        await test.BackupAsync();
        // A whole class fails for want of keys: this works for root as well.
        test.Keys.Refused.Add("path:HoneyJars/j1");
        test.Keys.Refused.Add("jar:j1");
        test.Write("jars/j1/b.txt", "two"u8);
        var errors = new List<StingException>();
        await test.BackupAsync(errors: errors);
        Assert.NotEmpty(errors);
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal((Health.Warning, JobState.CompletedWithErrors), (status.Health, status.LastRun!.State));
        Assert.True(status.LastRun.Errors > 0);
        var jars = status.Classes.Single(c => c.DataClass == DataClass.HoneyJars);
        Assert.Equal(JobState.CompletedWithErrors, jars.State);
        Assert.NotEqual(jars.Time, jars.LastSuccess);
        Assert.Contains(status.Warnings, w => w.Contains("HoneyJars could not be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_died_shows_as_failed_and_one_in_progress_as_neither()
    {
        await using var test = new TestInstallation();
        test.Write("users/ada/a.txt", "one"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromMinutes(5));
        var session = new SessionRecord(test.Installation.IdentityOf(2), test.Installation.NowNs);
        await test.Store.PutAsync(session.ObjectName, session.ToBytes(), default);
        using (test.Installation.LockHost())
        {
            var running = (await StatusReader.ReadAsync(test.Installation, default)).LastRun!;
            Assert.Equal(((JobState?)null, 2L, (string?)null), (running.State, running.Sequence, running.BackupId));
        }
        var status = await StatusReader.ReadAsync(test.Installation, default);
        Assert.Equal((Health.Bad, JobState.Failed), (status.Health, status.LastRun!.State));
        Assert.Equal(test.Clock.GetUtcNow(), status.LastRun.StartedTime);
        await test.BackupAsync();
        Assert.Equal((JobState.Completed, 3L), ((await StatusReader.ReadAsync(test.Installation, default)).LastRun!.State, (await StatusReader.ReadAsync(test.Installation, default)).LastRun!.Sequence));
    }

    [Fact]
    public async Task Damage_is_shown_and_stops_nothing()
    {
        await using var sample = new SampleRepository();
        await sample.InitializeAsync();
        foreach (var (name, bytes) in sample.Objects)
        {
            var objects = sample.Copy();
            objects[name] = Verify.Flip(bytes, bytes.Length / 2);
            await using var installation = await sample.OpenAsync(new MemoryObjectStore(objects), "status");
            var status = await StatusReader.ReadAsync(installation, default);
            if (name[..5] is "point" or "index" or "sessi" or "write")
            {
                Assert.Equal([name], status.Damage.Select(d => d.Object));
                Assert.Equal(Health.Bad, status.Health);
            }
            objects.Remove(name);
            await using var without = await sample.OpenAsync(new MemoryObjectStore(objects), "status");
            status = await StatusReader.ReadAsync(without, default);
            if (name[..5] is "data/" or "meta/")
            {
                Assert.Equal([name], status.Damage.Select(d => d.Object));
            }
        }
    }

    [Theory]
    [InlineData(false, KeyProtection.Open, "this host mints more")]
    [InlineData(true, KeyProtection.Passphrase, "Run Repair-StingRepository")]
    public async Task Keys_and_spares_are_told(bool withPassphrase, KeyProtection protection, string advice)
    {
        await using var test = new TestInstallation();
        var options = KeyOptions.Of(Path.Combine(test.Root, "keys"), Path.Combine(test.Root, "host"), [], []);
        var creation = new KeyCreation { HostName = "test", WithPassphrase = withPassphrase, Spares = 3, Work = new Argon2Parameters(8, 1, 1) };
        using var passphrase = SecretBytes.CopyOf("correct horse"u8);
        using var keys = await ReserveKeys.CreateAsync(ReserveKeys.Plan(options, creation), passphrase, default);
        var store = new MemoryObjectStore();
        await keys.PublishAsync(store, default);
        var opened = test.Installation;
        using var writers = await keys.LoadWritersAsync(store, default);
        await using var subjects = keys.OpenWriter(store, writers);
        var installation = new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = store, Writers = writers, Keys = keys, UnlockAsync = opened.UnlockAsync,
            Host = new HostRole(keys.WriterId, keys.Signer, subjects, keys.CacheKey), StateFolder = opened.StateFolder, CacheFolder = opened.CacheFolder,
            Threads = 1, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock,
        };
        var status = await StatusReader.ReadAsync(installation, default);
        Assert.Equal((protection, 3, KeySuiteSettings.Spares.Default), (status.KeyProtection, status.SparesLeft, status.SparesTarget));
        Assert.Equal(keys.WriterId.ToString(), status.Writer);
        Assert.Contains(status.Warnings, w => w.Contains("spare keys are left", StringComparison.Ordinal) && w.Contains(advice, StringComparison.Ordinal));

        // Whoever would be left out is told before the run: five people and the system, for whom there are three keys.
        for (var i = 1; i <= 5; i++)
        {
            test.Write($"users/{i}/a.txt", "x"u8);
        }
        var outlook = await SpareOutlook.LookAsync(installation, default);
        Assert.Equal(withPassphrase, outlook.Count == 1);
        Assert.All(outlook, finding => Assert.Equal((FindingSeverity.Warning, true), (finding.Severity, finding.Problem.Contains("6 people and jars have no key in the repository yet, and 3 spare keys are left on this host: the next run would leave out 3", StringComparison.Ordinal))));
    }

    [Fact]
    public void Keys_on_the_backups_own_disk_are_warned_of()
    {
        using var folder = new TempFolder();
        var options = KeyOptions.Of(folder["keys"], folder["host"], [], []) with { BackupRoot = folder["repository"] };
        var warnings = KeyPlaces.CheckBesideBackups(options);
        Assert.Equal(2, warnings.Count);
        Assert.All(warnings, w => Assert.Contains(folder["repository"], w, StringComparison.Ordinal));
        Assert.Empty(KeyPlaces.CheckBesideBackups(options with { BackupRoot = null }));
    }
}
