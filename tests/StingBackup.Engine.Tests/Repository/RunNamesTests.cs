using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Tests.Backup;
using StingBackup.Engine.Tests.Lifecycle.Pruning;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Hosts that begin in one second never give one name, whatever they see of each other.</summary>
public sealed class RunNamesTests
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 1, 2, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_host_that_was_never_with_others_has_plain_names()
    {
        Assert.Equal("backup_20260101_020000", NameOf(Id(1), [Id(1)]));
        Assert.Equal("backup_20260101_020000", NameOf(Id(1), []));
    }

    [Fact]
    public void Whoever_sees_those_that_were_enrolled_before_gets_a_name_that_none_of_them_can_get()
    {
        // The ids agree in four, five … letters: each is enrolled when the ones before are there, and sees some of those that come after, or none.
        Id16[] hosts = [Id(1, 1, 1, 1, 1, 1), Id(1, 1, 1, 1, 2), Id(1, 1, 1, 1, 1, 2), Id(1, 1, 1, 1), Id(9), Id(2, 1, 1, 1)];
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            random.Shuffle(hosts);
            // Of those enrolled later each is seen or not.
            var names = hosts.Select((id, i) => NameOf(id, hosts.Where((_, j) => j <= i || random.Next(2) == 0))).ToList();
            Assert.Distinct(names);
            Assert.All(names, name => Assert.Equal(name, BackupId.Parse(name).ToString()));
        }
    }

    [Fact]
    public void A_name_of_another_host_stays_that_hosts_in_whatever_order_points_are_met()
    {
        var own = RunNames.LettersOf(Id(3))[..4];
        StoredPoint[] points =
        [
            Point(1, "backup_20260101_020000", 10), Point(2, "backup_20260101_020000", 9), Point(4, "backup_20260101_020000", 9), Point(5, "backup_20260101_030000", 1), Point(6, "", 5), Point(7, "", 5),
            Point(3, $"backup_20260101_020000_{own}", 11), Point(8, $"backup_20260101_020000_{own}", 1),
        ];
        Dictionary<byte, string> expected = new()
        {
            [2] = "backup_20260101_020000", [4] = $"backup_20260101_020000_{RunNames.LettersOf(Id(4))}_7", [1] = $"backup_20260101_020000_{RunNames.LettersOf(Id(1))}_7", [5] = "backup_20260101_030000", [6] = "", [7] = "",
            [3] = $"backup_20260101_020000_{own}", [8] = $"backup_20260101_020000_{own}_{RunNames.LettersOf(Id(8))}_7",
        };
        for (var round = 0; round < 20; round++)
        {
            new Random(round).Shuffle(points);
            var settled = RunNames.Settle(points);
            Assert.Equal(points.Select(p => p.Record.Writer), settled.Select(p => p.Record.Writer));
            Assert.All(settled, p => Assert.Equal(expected[p.Record.Writer.ToArray()[0]], p.Record.Name));
        }
    }

    [Fact]
    public async Task Of_hosts_that_run_in_one_second_each_is_told_the_name_that_everybody_reads()
    {
        await using var hosts = new TwoHosts();
        hosts.Write(first: true, "users/1/a.txt", "one"u8);
        hosts.Write(first: false, "users/2/b.txt", "two"u8);
        var gate = new TaskCompletionSource();
        hosts.Gate = gate.Task;
        var second = RunAsync(hosts, first: false);   // begins first, and commits after the other
        var first = await RunAsync(hosts, first: true);
        gate.SetResult();
        BackupResult[] told = [first, await second, await RunAsync(hosts, first: true)];
        var installation = hosts.Open(first: true);
        var view = await RepositoryView.LoadAsync(hosts.Memory, installation.Reserve, installation.Writers, default);
        Assert.Equal(told.Select(r => r.BackupId).Order(StringComparer.Ordinal), view.Backups.Select(p => p.Record.Name).Order(StringComparer.Ordinal));
        var ids = Array.ConvertAll(told, r => BackupId.Parse(r.BackupId!));
        Assert.Equal([RunNames.LettersOf(installation.Writer)[..4], RunNames.LettersOf(hosts.SecondWriter)[..4]], ids[..2].Select(id => id.Host[..4]));
        Assert.Equal([1, 1, 2], ids.Select(id => id.Number));
    }

    private static async Task<BackupResult> RunAsync(TwoHosts hosts, bool first)
    {
        var installation = hosts.Open(first);
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default), default));
    }

    private static string NameOf(Id16 writer, IEnumerable<Id16> enrolled) => BackupId.NextFree(Moment, TimeZoneInfo.Utc, _ => false, RunNames.HostOf(writer, enrolled));

    private static Id16 Id(params byte[] first) => new([.. first, .. new byte[Id16.Size - first.Length]]);

    private static StoredPoint Point(byte writer, string name, long completed) =>
        new(new PointRecord { Reserve = default, Writer = Id(writer), Sequence = 7, Previous = default, Name = name, TimeNs = 1, CompletedNs = completed }, default);
}
