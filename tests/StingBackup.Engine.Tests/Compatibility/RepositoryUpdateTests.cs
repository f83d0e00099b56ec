using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle.Updating;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>How a format moves: only when asked, step by step, gone on with after a kill; and what an earlier program says of a later one's.</summary>
public sealed class RepositoryUpdateTests
{
    private const uint Later = 9001;

    [LinuxFact]
    public async Task The_golden_repository_gets_the_one_step_that_there_is_and_a_second_update_finds_nothing()
    {
        using var site = GoldenSite.Copy("format-1");
        var before = Objects(site);
        await using (var installation = await site.OpenAsync())
        {
            var plan = await RepositoryUpdateJob.PlanAsync(installation, default);
            Assert.Equal(("program-version", "", false), Assert.Single(plan.Steps) is var step ? (step.Name, step.Program, step.Begun) : default);
            Assert.Equal((1L, ""), (plan.Format, plan.Program));
            Assert.Equal(before, Objects(site));   // a plan changes nothing
            var result = await UpdateAsync(installation, plan, RepositoryUpdateJob.AllSteps);
            Assert.Equal((JobState.Completed, plan.Revision + 1, FormatFeatures.FirstProgram), (result.State, result.Revision, result.Program));
            Assert.Equal(["program-version"], result.Steps);
            var again = await RepositoryUpdateJob.PlanAsync(installation, default);
            Assert.Empty(again.Steps);
            Assert.Empty((await UpdateAsync(installation, again, RepositoryUpdateJob.AllSteps)).Steps);
            Assert.Empty((await GoldenSite.VerifyAsync(installation)).Faults);
        }
        // The format record alone has changed; and a renewal of keys keeps what it says.
        Assert.Equal(["format/1", "format/2"], Objects(site).Where(o => before.GetValueOrDefault(o.Key) != o.Value && !o.Key.StartsWith("audit/", StringComparison.Ordinal)).Select(o => o.Key).Order(StringComparer.Ordinal));
        await using var later = await site.OpenAsync();
        await later.Keys!.RenewFormatAsync((SubjectReader)await later.UnlockAsync(default), later.Store, format => format, default);
        Assert.Equal(FormatFeatures.FirstProgram, (await later.Keys!.LoadFormatAsync(later.Store, default)).Format.Program);
    }

    [LinuxFact]
    public async Task A_program_that_does_not_know_a_feature_refuses_to_read_and_names_the_version_that_is_needed()
    {
        using var site = GoldenSite.Copy("format-1");
        await RaiseAsync(site, format => format with { RequiredToRead = [Later], Program = "7.3.0" });
        var before = Objects(site);
        foreach (var host in (string[])["a.yaml", "b.yaml"])
        {
            var refused = await Assert.ThrowsAsync<StingException>(async () => await site.OpenAsync(host));
            Assert.Equal(("FeatureUnknown", FailureKind.NotSupported), (refused.ErrorId, refused.Kind));
            Assert.Contains("StingBackup 7.3.0 or later", refused.Message, StringComparison.Ordinal);
            Assert.Contains("feature 9001", refused.Message, StringComparison.Ordinal);
            Assert.Contains(FormatFeatures.ThisProgram, refused.Message, StringComparison.Ordinal);
            Assert.Contains("7.3.0", refused.Remedy, StringComparison.Ordinal);
        }
        Assert.Equal(before, Objects(site));
        // A record of before versions were named says what it can.
        await RaiseAsync(site, format => format with { Program = "" });
        Assert.Contains("the version of StingBackup that wrote it last", (await Assert.ThrowsAsync<StingException>(async () => await site.OpenAsync())).Message, StringComparison.Ordinal);
        await using var knows = await OpenKnowingAsync(site, Later);
        Assert.Empty((await GoldenSite.VerifyAsync(knows)).Faults);
    }

    [LinuxFact]
    public async Task A_program_that_may_read_and_not_write_restores_everything_and_begins_nothing()
    {
        using var site = GoldenSite.Copy("format-1");
        await RaiseAsync(site, format => format with { RequiredToWrite = [Later], Program = "7.3.0" });
        var before = Objects(site);
        await using var installation = await site.OpenAsync();
        var id = site.ExpectedPoints.Select(p => p[..p.IndexOf(' ', StringComparison.Ordinal)]).Last();
        Assert.Equal(site.Expected(id), ContentList.Of(await site.RestoreAsync(installation, id)));
        Assert.Empty((await GoldenSite.VerifyAsync(installation)).Faults);
        foreach (var deed in (Func<Task>[])
        [
            async () => await BackupJob.PlanAsync(installation, BackupType.Full, null, due: false, default),
            async () => await RepairJob.PlanAsync(installation, useKeys: true, default),
            async () => await Engine.Lifecycle.Pruning.PruneJob.PlanAsync(installation, default),
            async () => await Engine.Lifecycle.KeyRotationJob.PlanAsync(installation, new Engine.Lifecycle.KeyRotationRequest(KeyRotationKind.Epoch), default),
            async () => await RepositoryUpdateJob.PlanAsync(installation, default),
            async () => await installation.Store.PutAsync("format/9", new byte[10], default),
            async () => await installation.Store.DeleteAsync("format/1", default),
            async () => await installation.Store.StageAsync("data/x", new byte[10], default),
            async () => await installation.Store.BarrierAsync(default),
        ])
        {
            var refused = await Assert.ThrowsAsync<StingException>(deed);
            Assert.Equal("FeatureUnknown", refused.ErrorId);
            Assert.Contains("StingBackup 7.3.0 or later", refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(before, Objects(site));   // not even the audit log, whose records a later program may write otherwise
    }

    [Fact]
    public void A_version_that_is_none_is_damage_and_no_message()
    {
        using var signer = EcdsaSigner.Generate();
        var format = new FormatObject { ReserveId = default, Revision = 1, CreatedNs = 0, KekFingerprint = new string('0', 64), Program = "1.0\u001b[2J" };
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => FormatObject.Read("format/1", format.ToBytes(signer), signer.PublicKey.Span)).ErrorId);
        Assert.Equal("2.10.3", FormatObject.Read("format/1", (format with { Program = "2.10.3" }).ToBytes(signer), signer.PublicKey.Span).Program);
    }

    /// <summary>A step that moves many objects: each format slot from 3 to 12 gets the record. It is for this test alone; no such format exists.</summary>
    private sealed class ManySlotsStep : FormatStep
    {
        public const int Last = 12;

        public override string Name => "many-slots";
        public override string Change => "Ten more slots hold the format record.";
        public override string Program => "9.0.0";
        public override IReadOnlyList<uint> RequiredToRead => [Later];

        public override async ValueTask<bool> IsDoneAsync(Installation installation, FormatObject format, CancellationToken cancel)
        {
            for (var slot = 3; slot <= Last; slot++)
            {
                if (await installation.Store.GetLengthAsync($"format/{slot}", cancel) is null)
                {
                    return false;
                }
            }
            return IsAnnounced(format);
        }

        public override async ValueTask RunAsync(Installation installation, SubjectReader reader, CancellationToken cancel)
        {
            var record = await installation.Store.ReadAllAsync("format/1", cancel);
            for (var slot = 3; slot <= Last; slot++)
            {
                await installation.Store.PutAsync($"format/{slot}", record, cancel);
            }
        }
    }

    [LinuxFact]
    public async Task An_update_that_is_killed_at_any_write_is_gone_on_with_and_from_its_first_one_on_earlier_programs_refuse()
    {
        IReadOnlyList<FormatStep> steps = [new NamedProgramStep(), new ManySlotsStep()];
        using var golden = new GoldenCopy();
        var writes = 0;
        for (var killAt = 1; ; killAt++)
        {
            golden.Reset();
            var store = new StingBackup.Engine.Tests.Backup.FaultyStore(new MemoryObjectStore(golden.Objects));
            var done = 0;
            store.Before = (verb, name) =>
            {
                if (verb is "put" or "delete" && name.StartsWith("format/", StringComparison.Ordinal) && ++done == killAt)
                {
                    throw new StingException("StoreUnavailable", FailureKind.Io, "The process was killed here.", name, "None.");
                }
            };
            await using var installation = await golden.OpenAsync(store);
            var plan = await RepositoryUpdateJob.PlanAsync(installation, steps, default);
            Assert.Equal(["program-version", "many-slots"], plan.Steps.Select(s => s.Name));
            StingException? killed = null;
            try
            {
                await UpdateAsync(installation, plan, steps);
            }
            catch (StingException e)
            {
                killed = e;
            }
            store.Before = (_, _) => { };
            var format = (await installation.Keys!.LoadFormatAsync(store, default)).Format;
            var announced = format.RequiredToRead.Contains(Later);
            Assert.True(announced || await store.GetLengthAsync("format/3", default) is null, "something was written in the new way before earlier programs were told");
            Assert.Equal(announced, format.Refusal(write: false, "here", FormatFeatures.Known) is { } refusal && refusal.Message.Contains("StingBackup 9.0.0 or later", StringComparison.Ordinal));
            if (killed is null)
            {
                Assert.True(writes >= 14 && killAt > writes);   // it went through: every write before was tried
                break;
            }
            writes = killAt;
            var rest = await RepositoryUpdateJob.PlanAsync(installation, steps, default);
            Assert.NotEmpty(rest.Steps);
            Assert.Equal(announced, rest.Steps[^1].Begun);
            var resumed = await UpdateAsync(installation, rest, steps);
            Assert.Equal("9.0.0", resumed.Program);
            Assert.Empty((await RepositoryUpdateJob.PlanAsync(installation, steps, default)).Steps);
            Assert.NotNull(await store.GetLengthAsync($"format/{ManySlotsStep.Last}", default));
        }
    }

    [LinuxFact]
    public async Task A_step_that_ends_without_its_work_is_told_and_not_believed()
    {
        using var golden = new GoldenCopy();
        await using var installation = await golden.OpenAsync(new MemoryObjectStore(golden.Objects));
        IReadOnlyList<FormatStep> steps = [new IdleStep()];
        var plan = await RepositoryUpdateJob.PlanAsync(installation, steps, default);
        Assert.Equal("UpdateIncomplete", (await Assert.ThrowsAsync<StingException>(() => UpdateAsync(installation, plan, steps))).ErrorId);
    }

    private sealed class IdleStep : FormatStep
    {
        public override string Name => "idle";
        public override string Change => "Nothing.";
        public override string Program => "9.0.0";
        public override ValueTask<bool> IsDoneAsync(Installation installation, FormatObject format, CancellationToken cancel) => ValueTask.FromResult(false);
    }

    [LinuxFact]
    public async Task A_backup_that_runs_keeps_an_update_waiting()
    {
        using var site = GoldenSite.Copy("format-1");
        await using var installation = await site.OpenAsync();
        var plan = await RepositoryUpdateJob.PlanAsync(installation, default);
        using var running = installation.LockHost();
        Assert.Equal("BackupRunning", (await Assert.ThrowsAsync<StingException>(() => UpdateAsync(installation, plan, RepositoryUpdateJob.AllSteps))).ErrorId);
    }

    /// <summary>A renewed format record must reach every tier: before, a sync took it for another repository's, or left the older one.</summary>
    [LinuxFact]
    public async Task A_renewed_format_record_replaces_the_older_one_on_a_further_tier_and_never_the_other_way()
    {
        using var site = GoldenSite.Copy("format-1");
        var text = File.ReadAllText(site["a.yaml"]);
        Directory.CreateDirectory(site["remote"]);
        File.WriteAllText(site["a.yaml"], text.Replace("\nremote:\n", $"\nremote:\n  location: {site["remote"]}\n", StringComparison.Ordinal));
        await SyncAsync(site);
        var old = File.ReadAllBytes(Path.Combine(site.Backups, "format", "1"));
        Assert.Equal(old, File.ReadAllBytes(site["remote/format/1"]));
        await RaiseAsync(site, format => format with { Program = "0.2.0" });
        await SyncAsync(site);
        var renewed = File.ReadAllBytes(Path.Combine(site.Backups, "format", "1"));
        Assert.NotEqual(old, renewed);
        foreach (var slot in (string[])["1", "2"])
        {
            Assert.Equal(renewed, File.ReadAllBytes(site[$"remote/format/{slot}"]));
            File.WriteAllBytes(Path.Combine(site.Backups, "format", slot), old);   // the local tier comes back from an old copy
        }
        await SyncAsync(site);
        Assert.Equal(renewed, File.ReadAllBytes(site["remote/format/1"]));
    }

    [Fact]
    public async Task Two_format_records_of_one_revision_that_say_different_things_are_told_and_neither_is_changed()
    {
        using var site = GoldenSite.Copy("format-1");
        using var twin = GoldenSite.Copy("format-1");
        var text = File.ReadAllText(site["a.yaml"]);
        Directory.CreateDirectory(site["remote"]);
        File.WriteAllText(site["a.yaml"], text.Replace("\nremote:\n", $"\nremote:\n  location: {site["remote"]}\n", StringComparison.Ordinal));
        await RaiseAsync(site, format => format with { Program = "0.2.0" });
        await RaiseAsync(twin, format => format with { Program = "0.3.0" });
        await SyncAsync(site);
        var ours = File.ReadAllBytes(Path.Combine(site.Backups, "format", "1"));
        var theirs = File.ReadAllBytes(Path.Combine(twin.Backups, "format", "1"));
        foreach (var slot in (string[])["1", "2"])
        {
            File.WriteAllBytes(Path.Combine(site.Backups, "format", slot), theirs);
        }
        var errors = new List<StingException>();
        await SyncAsync(site, errors);
        Assert.Equal(["format/1", "format/2"], errors.Where(e => e.ErrorId == "TierConflict" && e.Message.Contains("revision", StringComparison.Ordinal)).Select(e => e.Target));
        Assert.Equal(ours, File.ReadAllBytes(site["remote/format/1"]));
        Assert.Equal(theirs, File.ReadAllBytes(Path.Combine(site.Backups, "format", "1")));
    }

    private static async Task SyncAsync(GoldenSite site, List<StingException>? errors = null)
    {
        await using var installation = await site.OpenAsync();
        var result = await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, Tier.Remote, default), errors);
        Assert.Equal(errors is { Count: > 0 } ? JobState.CompletedWithErrors : JobState.Completed, result.State);
    }

    private static Task<RepositoryUpdateResult> UpdateAsync(Installation installation, RepositoryUpdatePlan plan, IReadOnlyList<FormatStep> steps) =>
        TestInstallation.CompleteAsync<RepositoryUpdateResult>(RepositoryUpdateJob.RunAsync(installation, plan, steps, default));

    /// <summary>The key role of a later program moves the format on.</summary>
    private static async Task RaiseAsync(GoldenSite site, Func<FormatObject, FormatObject> change)
    {
        await using var installation = await OpenKnowingAsync(site, Later);
        await installation.Keys!.RenewFormatAsync((SubjectReader)await installation.UnlockAsync(default), installation.Store, change, default);
    }

    private static ValueTask<Installation> OpenKnowingAsync(GoldenSite site, uint feature) => site.OpenAsync("a.yaml", new HashSet<uint> { feature });

    private static Dictionary<string, string> Objects(GoldenSite site) => GoldenObjects.Read(site).ToDictionary(o => o.Key, o => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(o.Value.Span)), StringComparer.Ordinal);

    /// <summary>A golden repository in memory with key files of its own, since an update signs with them.</summary>
    private sealed class GoldenCopy : IDisposable
    {
        private readonly GoldenSite _site = GoldenSite.Copy("format-1");
        private readonly Dictionary<string, byte[]> _signed;
        private SubjectReader? _reader;
        private ReserveKeys? _keys;
        private int _opened;

        public GoldenCopy() => _signed = Directory.GetFiles(_site["keys/signed/format"]).ToDictionary(f => f, File.ReadAllBytes);

        public Dictionary<string, ReadOnlyMemory<byte>> Objects => GoldenObjects.Read(_site);

        /// <summary>The key directory as it was.</summary>
        public void Reset()
        {
            foreach (var (path, bytes) in _signed)
            {
                File.WriteAllBytes(path, bytes);
            }
        }

        public async Task<Installation> OpenAsync(IObjectStore store)
        {
            var configuration = _site.Load();
            var keys = ReserveKeys.Open(Installation.KeyOptionsOf(configuration), configuration.Repository.KeyFingerprint, _site.Clock);
            var writers = await keys.LoadWritersAsync(store, default);
            var state = _site[$"state-{++_opened}"];
            return new Installation
            {
                Reserve = keys.ReserveId, ReserveRoot = _site.Reserve, Map = ReserveMap.Compile(configuration.Reserve, UsersMap.Empty), Store = store, Keys = keys, Writers = writers, Host = null,
                UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(_reader ??= Unlock()), StateFolder = state, CacheFolder = state + "-cache", Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _site.Clock,
            };
        }

        public void Dispose()
        {
            _reader?.Dispose();
            _keys?.Dispose();
            _site.Dispose();
        }

        /// <summary>Once for all: that takes a quarter of a second.</summary>
        private SubjectReader Unlock()
        {
            using var passphrase = SecretBytes.CopyOf(System.Text.Encoding.UTF8.GetBytes(GoldenSite.Passphrase));
            _keys = ReserveKeys.Open(Installation.KeyOptionsOf(_site.Load()), _site.Load().Repository.KeyFingerprint, _site.Clock);
            return _keys.Unlock(passphrase);
        }
    }
}
