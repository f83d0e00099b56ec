using StingBackup.Engine.Backup;
using StingBackup.Engine.Lifecycle.Forecast;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering.Year;

/// <summary>What is simulated.</summary>
internal sealed record YearPlan(int Days, TimeSpan Every, RetentionSettings Retention, ArchiveOptions Archiving, int Seed)
{
    /// <summary>A part of the format's, as the reserve is small: tiers of three packs are no model of those of thousands.</summary>
    public PackSizes Sizes { get; } = new(PackSizes.Default.Data / 32, PackSizes.Default.Meta / 32);
}

/// <summary>
/// Plays the strategy's schedule against the engine with a clock that is turned: runs of what is due, a full run daily at 2:00, an archive run on Sundays at 3:00, syncs hourly, and daily at 4:00 retention, the sweep of
/// both hot tiers and the filling of the archive. All three tiers are in memory.
/// </summary>
internal sealed class YearRun : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);   // a Monday

    private readonly TestInstallation _test;
    private readonly YearPlan _plan;
    private readonly MemoryObjectStore _local = new(), _remote = new(), _archive = new();
    private readonly List<(string Name, DateTimeOffset Time, IReadOnlySet<DataClass> Classes, IReadOnlyDictionary<DataClass, int[]> Was)> _runs = [];
    private readonly Random _random;
    private readonly List<IReadOnlyDictionary<Tier, Stored>> _daily = [];
    private int _synced;

    public YearRun(YearPlan plan, params SimulatedClass[] classes)
    {
        _plan = plan;
        _random = new Random(plan.Seed);
        _test = new TestInstallation(_local, Start)
        {
            Threads = 2, Guarding = AnomalyOptions.Default with { IsOn = false },   // files of noise that change whole look like an encryptor's
            Settings = new ReserveSettings
            {
                Path = "/", Rules = [.. classes.Select(c => new ClassRule($"{c.Folder}/**", c.Class, c.Class == DataClass.UserFiles ? "user#1" : c.Class == DataClass.Embeddings ? "jar:7" : "system"))],
            },
        };
        Reserve = new SimulatedReserve(_test.ReserveRoot, plan.Seed, classes);
    }

    public SimulatedReserve Reserve { get; }
    public IReadOnlyDictionary<Tier, MemoryObjectStore> Stores => new Dictionary<Tier, MemoryObjectStore> { [Tier.Local] = _local, [Tier.Remote] = _remote, [Tier.Archive] = _archive };
    public DateTimeOffset Now => _test.Clock.GetUtcNow();
    public int Runs => _runs.Count;
    public int PromisedCount => Promised(Now).Count();

    public Installation Open(IObjectStore? alone = null)
    {
        var opened = _test.Open();
        return new Installation
        {
            Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = alone ?? _local, UnlockAsync = opened.UnlockAsync, Writers = opened.Writers, Host = opened.Host, OpenSource = DirectorySource.Open,
            OpenTarget = DirectoryRestoreTarget.Open, StateFolder = opened.StateFolder, CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = opened.Clock, SyncsAtCommit = false, LocalMaxPercent = 100, Guarding = _test.Guarding,
            Retention = _plan.Retention, Archiving = _plan.Archiving, PackSizes = _plan.Sizes,
            FurtherTiers = alone is not null ? new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>() : new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>
            {
                [Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(new TierReserve.Unowned(_remote)), [Tier.Archive] = _ => ValueTask.FromResult<IObjectStore>(new TierReserve.Unowned(_archive)),
            },
        };
    }

    /// <summary>One day of the schedule, from midnight to midnight.</summary>
    public async Task DayAsync()
    {
        var midnight = Now;
        var hour = TimeSpan.FromHours(1);
        var moments = new SortedSet<TimeSpan>([.. Enumerable.Range(0, (int)(TimeSpan.FromDays(1) / _plan.Every)).Select(i => i * _plan.Every), 2 * hour, 3 * hour, 4 * hour]);
        foreach (var moment in moments)
        {
            var passed = midnight + moment - Now;
            Reserve.Step(passed);
            _test.Clock.Advance(passed);
            var type = moment == 2 * hour ? BackupType.Full : moment == 3 * hour && midnight.DayOfWeek == DayOfWeek.Sunday ? BackupType.Archive : BackupType.Incremental;
            if (type != BackupType.Incremental || moment.Ticks % _plan.Every.Ticks == 0)
            {
                await TimedAsync("backup", () => BackupAsync(type));
            }
            if (moment.Ticks % hour.Ticks == 0 && _synced < _runs.Count)
            {
                await TimedAsync("sync", () => SyncAsync(Tier.Remote));
                _synced = _runs.Count;
            }
            if (moment == 4 * hour)
            {
                await CleanAsync();
            }
        }
        var rest = midnight.AddDays(1) - Now;
        Reserve.Step(rest);
        _test.Clock.Advance(rest);
        _daily.Add(Stores.Keys.ToDictionary(tier => tier, LengthsOf));
    }

    public Dictionary<string, (int Count, TimeSpan Time)> Costs { get; } = [];

    private async Task TimedAsync(string what, Func<Task> work)
    {
        var started = TimeProvider.System.GetTimestamp();
        await work();
        var (count, time) = Costs.GetValueOrDefault(what);
        Costs[what] = (count + 1, time + TimeProvider.System.GetElapsedTime(started));
    }

    private async Task BackupAsync(BackupType type)
    {
        var installation = Open();
        var plan = await BackupJob.PlanAsync(installation, type, null, due: type == BackupType.Incremental, default);
        if (plan.Classes.Count == 0)
        {
            return;
        }
        var was = Reserve.Remember();
        var result = await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
        Assert.Equal(JobState.Completed, result.State);
        _runs.Add((result.BackupId!, Now, plan.Classes.ToHashSet(), was.Where(w => plan.Classes.Contains(w.Key)).ToDictionary()));
    }

    private async Task SyncAsync(Tier tier)
    {
        var result = await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(Open(), tier, default));
        Assert.Equal((JobState.Completed, 0L), (result.State, tier == Tier.Remote ? result.Waiting.Points : 0));
    }

    private async Task CleanAsync()
    {
        var installation = Open();
        await TimedAsync("retention", async () => await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(Open(_local), null, default), default)));   // what tiers let go is not planned: that is decided when it is done
        await TimedAsync("prune", () => SweepAsync(Tier.Local));
        await TimedAsync("sync", () => SyncAsync(Tier.Remote));
        await TimedAsync("prune remote", () => SweepAsync(Tier.Remote));
        await TimedAsync("archive", () => SyncAsync(Tier.Archive));
        await TimedAsync("check", async () => Assert.Equal(Promised(Now).Order(), (await StandingAsync(_local)).Order()));
    }

    /// <summary>One host alone: whatever a sweep has condemned goes.</summary>
    private async Task SweepAsync(Tier tier) => Assert.Equal(0, (await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(Open(), tier, default))).Spared);

    /// <summary>What the policy promises, told from the policy's words alone.</summary>
    private IEnumerable<(string Name, DataClass Class)> Promised(DateTimeOffset now)
    {
        foreach (var (dataClass, days) in _plan.Retention.ClassDays)
        {
            var ofClass = _runs.Where(r => r.Classes.Contains(dataClass)).ToList();
            var thinned = _plan.Retention.Thinning is { } thinning && dataClass is not (DataClass.TempFiles or DataClass.Physical) ? Kept(ofClass, thinning, now) : null;
            foreach (var run in ofClass.Where((r, i) => (r.Time.AddDays(days) > now && thinned?.Contains(r.Name) != false) || i == ofClass.Count - 1))
            {
                yield return (run.Name, dataClass);
            }
        }
    }

    private static HashSet<string> Kept(IReadOnlyList<(string Name, DateTimeOffset Time, IReadOnlySet<DataClass> Classes, IReadOnlyDictionary<DataClass, int[]> Was)> runs, ThinningSettings thinning, DateTimeOffset now)
    {
        var kept = runs.Where(r => now - r.Time < TimeSpan.FromDays(thinning.AllDays)).Select(r => r.Name).ToHashSet();
        foreach (var (count, bucket) in (IEnumerable<(int, Func<DateTimeOffset, string>)>)[(thinning.Hourly, t => $"{t:yyyyMMddHH}"), (thinning.Daily, t => $"{t:yyyyMMdd}"),
            (thinning.Weekly, t => $"{System.Globalization.ISOWeek.GetYear(t.DateTime)}{System.Globalization.ISOWeek.GetWeekOfYear(t.DateTime):d2}"), (thinning.Monthly, t => $"{t:yyyyMM}"), (thinning.Yearly, t => $"{t:yyyy}")])
        {
            kept.UnionWith(runs.GroupBy(r => bucket(r.Time)).TakeLast(count).Select(g => g.Last().Name));
        }
        return kept;
    }

    private async Task<List<(string Name, DataClass Class)>> StandingAsync(MemoryObjectStore store)
    {
        var view = await RepositoryView.LoadAsync(store, _test.Keys.Reserve, _test.Keys.Writers, default);
        Assert.Empty(view.Damage);
        return [.. view.Backups.SelectMany(p => p.Record.Classes.Select(c => (p.Record.Name, c.Class)))];
    }

    /// <summary>Restores promised points, drawn by the seed, and compares them with what was then; <paramref name="samples"/> of each class.</summary>
    public async Task<int> OpenSomeAsync(int samples)
    {
        var count = 0;
        foreach (var ofClass in Promised(Now).Where(p => Reserve.Classes.Any(c => c.Class == p.Class)).GroupBy(p => p.Class))
        {
            var all = ofClass.ToList();
            // The oldest, which lies farthest away, and others.
            foreach (var (name, dataClass) in Enumerable.Range(0, samples).Select(i => i == 0 ? all[0] : all[_random.Next(all.Count)]).Distinct())
            {
                var destination = Path.Combine(_test.Root, "out");
                var installation = Open();
                var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, BackupId = name, Classes = [dataClass] }, default);
                await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
                Assert.Null(Reserve.DifferenceOf(destination, dataClass, _runs.First(r => r.Name == name).Was[dataClass]));
                Directory.Delete(destination, recursive: true);
                count++;
            }
        }
        return count;
    }

    /// <summary>Opens every chunk that any restore point reaches, through the tiers.</summary>
    public async Task VerifyAllAsync()
    {
        var result = await Verify.RunAsync(Open(), new VerifyRequest { Level = IntegrityLevel.Data });
        Assert.Empty(result.Faults);
    }

    /// <summary>
    /// What the linter predicts for the days, before the first run: of the settings, the reserve as another installation measures it by one backup of it, and the share of each class that is written anew in a day.
    /// </summary>
    public async Task<StorageForecast> ForecastAsync(params int[] days)
    {
        await using var other = new TestInstallation(new MemoryObjectStore(), Start) { Settings = _test.Settings };
        _ = new SimulatedReserve(other.ReserveRoot, _plan.Seed + 1, [.. Reserve.Classes]);
        await other.BackupAsync(BackupType.Full);
        var measured = (await ForecastJob.RunAsync(other.Installation, new ForecastRequest { Days = [1], IsSteadyTold = false }, default)).Classes;
        var view = await RepositoryView.LoadAsync(other.Store, other.Keys.Reserve, other.Keys.Writers, default);
        return StorageForecaster.Play([.. measured.Select(m => m with { ChangedPerDay = Reserve.Classes.FirstOrDefault(c => c.Class == m.DataClass)?.Changed ?? 0 })],
            ForecastPolicy.Of(Open(), _plan.Every) with { SegmentLength = ForecastMeasure.SegmentLengthOf(view.Index) }, days, Start, TimeZoneInfo.Utc, default);
    }

    /// <summary>
    /// Compares each tier with what was predicted, over the days since <paramref name="after"/>: their means, since packs that are joined lie twice for three days, and on which days those are is chance. Gives a line for
    /// people, the largest difference of a single day among it, and whether all means are within 5 %.
    /// </summary>
    public (string Text, bool IsWithin) Compare(StorageForecast forecast, int after)
    {
        var lines = new List<string>();
        var within = true;
        foreach (var tier in Stores.Keys.Order())
        {
            int[] days = [.. Enumerable.Range(after + 1, _daily.Count - after)];
            if (days.Average(day => _daily[day - 1][tier].All) is var there && there < 100_000)
            {
                continue;   // nothing but records: nothing has entered yet
            }
            var off = 100 * days.Average(day => ToldOf(forecast, day, tier).All) / there - 100;
            within &= Math.Abs(off) <= 5;
            lines.Add(FormattableString.Invariant($"{tier} {there / 1e6:n2} MB ({off:+0.0;-0.0;0.0} %, a day at most {WorstOf(forecast, days, tier):+0.0;-0.0;0.0} %; content {Off(s => s.Content)}, pages {Off(s => s.Pages)}, others {Off(s => s.Others)})"));

            string Off(Func<Stored, double> part) => FormattableString.Invariant($"{days.Average(day => part(_daily[day - 1][tier])) / 1e6:n2} against {days.Average(day => part(ToldOf(forecast, day, tier))) / 1e6:n2}");
        }
        return (FormattableString.Invariant($"days {after + 1} to {_daily.Count}, {Runs} runs: {string.Join("; ", lines)}"), within);
    }

    /// <summary>By how much the prediction was off most on a single day since <paramref name="after"/>, in percent.</summary>
    public string WorstDays(StorageForecast forecast, int after)
    {
        int[] days = [.. Enumerable.Range(after + 1, Math.Max(0, _daily.Count - after))];
        return days.Length == 0 ? "" : FormattableString.Invariant($"single days after the first {after}: {string.Join(", ", Stores.Keys.Order().Select(tier => FormattableString.Invariant($"{tier} at most {WorstOf(forecast, days, tier):+0.0;-0.0;0.0} %")))}");
    }

    private double WorstOf(StorageForecast forecast, int[] days, Tier tier) => days.Select(day => 100.0 * ToldOf(forecast, day, tier).All / _daily[day - 1][tier].All - 100).MaxBy(Math.Abs);

    private static Stored ToldOf(StorageForecast forecast, int day, Tier tier) => forecast.Tiers.First(t => t.Day == day && t.Tier == tier) is var told ? new Stored(told.Content, told.Pages, told.Others) : null!;

    private Stored LengthsOf(Tier tier)
    {
        var (content, pages, others) = (0L, 0L, 0L);
        foreach (var (name, bytes) in Stores[tier].Objects)
        {
            _ = name.StartsWith("data/", StringComparison.Ordinal) ? content += bytes.Length : name.StartsWith("meta/", StringComparison.Ordinal) ? pages += bytes.Length : others += bytes.Length;
        }
        return new Stored(content, pages, others);
    }

    /// <summary>Bytes of a tier.</summary>
    private sealed record Stored(double Content, double Pages, double Others)
    {
        public double All => Content + Pages + Others;
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();
}
