using Microsoft.Extensions.Time.Testing;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Tests.Admin;

/// <summary>The dashboard is green only where all is well; what is kept is never older than a minute.</summary>
public sealed class ConcernTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly ClassOutlook Fresh = new(DataClass.UserFiles, Now, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15), Now, false);

    private static readonly RecoveryTestDue Held = new()
    {
        Type = RecoveryTestType.File, Every = TimeSpan.FromDays(7), Tier = Tier.Local, LastTime = Now, LastVerdict = RecoveryVerdict.Passed, LastReason = "", NextTime = Now.AddDays(7), IsOverdue = false, Impossible = "",
    };

    private static readonly TierOutlook Roomy = new() { Tier = Tier.Local, Location = "/backups", Length = 10, Limit = 100, WaitingPoints = 0, WaitingLength = 0, Lag = TimeSpan.Zero, IsLate = false };

    private static readonly StatusDetails Details = new() { Health = Health.Good, Classes = [Fresh], Tiers = [Roomy], Alerts = [], Keys = [], Timers = [], Drills = null };

    private static readonly BackupStatus Status = new()
    {
        Health = Health.Good, Time = Now, ConfigurationFile = null, Repository = "/backups", ReservePath = "/reserve", ReserveId = "", Writer = null, Points = 1, Store = [], StoreLength = 10, RoomFree = null, RoomTotal = null,
        DeduplicationRatio = null, CompressionRatio = null, SparesLeft = null, SparesTarget = null, KeyProtection = KeyProtection.Passphrase, Warnings = [], Damage = [], Classes = [],
        Checks = [new TierCheck { Tier = Tier.Local, Packs = 3, NeverChecked = 0, OldestCheck = Now, OldestAge = TimeSpan.Zero }],
        LastRun = new LastRun { BackupId = "backup_20260504_115900", Type = BackupType.Full, State = JobState.Completed, StartedTime = Now, CompletedTime = Now, Errors = 0, Writer = "", Sequence = 1 }, Details = Details,
    };

    private static readonly Standing Good = new(Status, [Objective(TimeSpan.FromMinutes(5))], new RecoveryTestSummary { Calendar = [Held], Window = TimeSpan.FromDays(90), Tests = 1, Passed = 1, Damaged = [] }, 0);

    private static RecoveryObjective Objective(TimeSpan? reached) => new() { Objective = "RTO", Name = "a file", Target = TimeSpan.FromMinutes(15), Reached = reached, Time = Now, Source = "", Basis = "" };

    private static Standing With(Func<BackupStatus, BackupStatus> change) => Good with { Status = change(Status) };

    private static Standing With(Func<StatusDetails, StatusDetails> change) => With(status => status with { Details = change(Details) });

    [Fact]
    public void Nothing_is_said_where_all_is_well_and_each_single_thing_that_is_not_is_said()
    {
        Assert.Empty(Concerns.Of(Good));
        (Standing Standing, bool IsBad)[] cases =
        [
            (With((BackupStatus s) => s with { Points = 0 }), true), (With((BackupStatus s) => s with { Warnings = ["weak"] }), false), (With((BackupStatus s) => s with { Checks = [] }), false),
            (With((BackupStatus s) => s with { Checks = [s.Checks[0] with { NeverChecked = 1 }] }), false), (With((BackupStatus s) => s with { LastRun = s.LastRun! with { State = JobState.Failed } }), true),
            (With((BackupStatus s) => s with { LastRun = s.LastRun! with { State = JobState.CompletedWithErrors, Errors = 2 } }), false), (With((StatusDetails d) => d with { Classes = [Fresh with { IsLate = true }] }), false),
            (With((StatusDetails d) => d with { Classes = [Fresh with { LastSuccess = null, Age = null, IsLate = true }] }), true), (With((StatusDetails d) => d with { Tiers = [Roomy with { Length = 95 }] }), true),
            (With((StatusDetails d) => d with { Tiers = [Roomy with { Length = 85 }] }), false), (With((StatusDetails d) => d with { Tiers = [Roomy with { IsLate = true, WaitingPoints = 2 }] }), false),
            (With((StatusDetails d) => d with { Tiers = [Roomy with { Problem = "away" }] }), false), (With((StatusDetails d) => d with { Keys = [new KeyOutlook(KeyRotationKind.Epoch, Now, Now, true)] }), false),
            (With((StatusDetails d) => d with { Health = Health.Bad }), false), (With((StatusDetails d) => d with { Health = Health.Warning }), false),
            (Good with { Objectives = [Objective(TimeSpan.FromHours(1))] }, false), (Good with { Drills = Good.Drills with { Calendar = [Held with { IsOverdue = true }] } }, false),
            (Good with { Drills = Good.Drills with { Calendar = [Held with { LastVerdict = RecoveryVerdict.Failed, LastReason = "lost" }] } }, true), (Good with { Drills = Good.Drills with { Damaged = ["drills/x"] } }, true),
        ];
        for (var i = 0; i < cases.Length; i++)
        {
            Assert.Equal((i, cases[i].IsBad), (i, Assert.Single(Concerns.Of(cases[i].Standing)).IsBad));
        }
        // A test that was never held says nothing of what cannot be reached.
        Assert.Empty(Concerns.Of(Good with { Objectives = [Objective(null)] }));
    }

    [Fact]
    public async Task What_is_kept_is_read_once_for_all_and_anew_after_a_minute_or_a_change()
    {
        var clock = new FakeTimeProvider(Now);
        var kept = new Kept<int>(clock);
        var (reads, gate) = (0, new TaskCompletionSource());
        async Task<int> ReadAsync()
        {
            await gate.Task;
            return Interlocked.Increment(ref reads);
        }
        var together = new[] { kept.GetAsync(ReadAsync, default), kept.GetAsync(ReadAsync, default) };
        Assert.Null(await kept.TryGetAsync(ReadAsync, TimeSpan.FromMilliseconds(10), default));
        using var leaves = new CancellationTokenSource();
        var left = kept.GetAsync(ReadAsync, leaves.Token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        gate.SetResult();
        Assert.Equal([1, 1], (await Task.WhenAll(together)).Select(k => k.Value));
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((1, "59 s ago"), ((await kept.GetAsync(ReadAsync, default)).Value, (await kept.GetAsync(ReadAsync, default)).Age(clock)));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await kept.GetAsync(ReadAsync, default)).Value);
        kept.Forget();
        Assert.Equal(3, (await kept.GetAsync(ReadAsync, default)).Value);
        // A failure is told to whoever asked, and kept from nobody.
        kept.Forget();
        await Assert.ThrowsAsync<InvalidOperationException>(() => kept.GetAsync(() => throw new InvalidOperationException("once"), default));
        Assert.Equal(4, (await kept.GetAsync(ReadAsync, default)).Value);
    }
}
