using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>The spool keeps what it said it has: through torn writes, full disks and restarts.</summary>
public sealed class WalSpoolTests : IDisposable
{
    private static readonly WalIdentity Identity = new(7_123_456_789_012_345_678, 1, 1 << 20);
    private static readonly Lsn Start = Lsn.Parse("0/3000000");

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<WalSpoolFile> _rotated = [];

    public void Dispose() => _folder.Dispose();

    private FileWalSink Open(long rotateBytes = 1 << 30, string? folder = null, WalIdentity? identity = null) =>
        FileWalSink.Open(new WalSpoolOptions { Folder = folder ?? _folder["spool"], RotateBytes = rotateBytes }, identity ?? Identity, _clock, _rotated.Add);

    private static byte[] Log(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private byte[] Read() => [.. WalSpool.Read(_folder["spool"], null).SelectMany(s => s.Bytes.ToArray())];

    [Fact]
    public void What_was_synced_is_read_back_after_any_tear()
    {
        byte[] first = Log(1, 200_000), second = Log(2, 5_000);
        using (var sink = Open())
        {
            Assert.Null(sink.End);
            sink.Append(Start, _clock.GetUtcNow(), first);
            sink.Sync();
            Assert.Equal(new Lsn(Start.Value + 200_000), sink.End);
            sink.Append(sink.End!.Value, _clock.GetUtcNow(), second);
            sink.Sync();
        }
        var path = Assert.Single(WalSpool.Files(_folder["spool"])).Path;
        var whole = File.ReadAllBytes(path);
        // Wherever the last record is cut, or any byte of it flipped, the ones before it stand.
        var last = whole.Length - WalFormat.RecordHeaderSize - second.Length;
        foreach (var cut in new[] { last, last + 1, last + WalFormat.RecordHeaderSize, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..cut]);
            Assert.Equal(first, Read());
        }
        whole[last + 30] ^= 1;
        File.WriteAllBytes(path, whole);
        using var again = Open();
        Assert.Equal(new Lsn(Start.Value + 200_000), again.End);
        Assert.True(File.Exists(path + ".torn"));
        again.Append(again.End!.Value, _clock.GetUtcNow(), second);
        again.Sync();
        again.Append(again.End!.Value, _clock.GetUtcNow(), second);
        again.Sync();
        Assert.Equal([.. first, .. second, .. second], Read());
        Assert.False(File.Exists(path + ".torn"));
    }

    [Fact]
    public void Files_are_handed_on_when_they_are_long_or_old_and_the_end_is_never_forgotten()
    {
        using (var sink = Open(rotateBytes: 100_000))
        {
            for (var i = 0; i < 5; i++)
            {
                sink.Append(sink.End ?? Start, _clock.GetUtcNow(), Log(i, 60_000));
                sink.Sync();
            }
            Assert.Equal(2, _rotated.Count);
            _clock.Advance(TimeSpan.FromMinutes(16));
            sink.Sync();
            Assert.Equal(3, _rotated.Count);
            _clock.Advance(TimeSpan.FromMinutes(16));
            sink.Sync();
            Assert.Equal(3, _rotated.Count);   // the new one is empty
            Assert.Equal(300_000, Read().Length);
            Assert.Equal(new Lsn(Start.Value + 150_000), WalSpool.Read(_folder["spool"], new Lsn(Start.Value + 150_000)).First() is { } at && at.Start.Value <= Start.Value + 150_000 && at.End.Value > Start.Value + 150_000 ? new Lsn(Start.Value + 150_000) : default);
        }
        _rotated.ForEach(f => File.Delete(f.Path));
        using var again = Open();
        Assert.Equal(new Lsn(Start.Value + 300_000), again.End);
    }

    [Fact]
    public void A_gap_another_cluster_and_a_second_receiver_are_refused()
    {
        using (var sink = Open(rotateBytes: 50_000))
        {
            for (var i = 0; i < 3; i++)
            {
                sink.Append(sink.End ?? Start, _clock.GetUtcNow(), Log(i, 60_000));
                sink.Sync();
            }
            Assert.Equal("WalSpoolDamaged", Assert.Throws<StingException>(() => sink.Append(Start, _clock.GetUtcNow(), [1])).ErrorId);
            Assert.Equal("WalSpoolBusy", Assert.Throws<StingException>(() => Open()).ErrorId);
        }
        var foreign = Assert.Throws<StingException>(() => Open(identity: Identity with { SystemId = 1 }));
        Assert.Equal("WalSpoolForeign", foreign.ErrorId);
        Assert.Contains("another cluster", foreign.Message, StringComparison.Ordinal);
        Assert.Contains("timeline 2", Assert.Throws<StingException>(() => Open(identity: Identity with { Timeline = 2 })).Message, StringComparison.Ordinal);
        File.Delete(_rotated[1].Path);
        Assert.Equal("WalSpoolDamaged", Assert.Throws<StingException>(() => Open()).ErrorId);
        Assert.Equal("WalSpoolDamaged", Assert.Throws<StingException>(() => Read()).ErrorId);
    }

    [UnixFact]
    public void A_lock_that_cannot_be_opened_is_not_taken_for_another_receiver_s()
    {
        Directory.CreateDirectory(_folder["spool"]);
        var path = Path.Combine(_folder["spool"], "lock");
        File.CreateSymbolicLink(path, path);
        var error = Assert.Throws<StingException>(() => Open());
        Assert.Equal("WalSpoolFailed", error.ErrorId);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void A_full_disk_is_named_nothing_more_is_taken_and_what_was_synced_stands()
    {
        var mount = _folder["small"];
        Directory.CreateDirectory(mount);
        Shell("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount);
        try
        {
            var kept = Log(1, 50_000);
            using (var sink = Open(folder: mount))
            {
                sink.Append(Start, _clock.GetUtcNow(), kept);
                sink.Sync();
                sink.Append(sink.End!.Value, _clock.GetUtcNow(), Log(2, 500_000));
                var full = Assert.Throws<StingException>(sink.Sync);
                Assert.Equal(("WalSpoolFull", FailureKind.ResourceExhausted), (full.ErrorId, full.Kind));
                Assert.Contains(mount, full.Message, StringComparison.Ordinal);
                Assert.Equal("WalSpoolFailed", Assert.Throws<StingException>(sink.Sync).ErrorId);
            }
            var read = WalSpool.Read(mount, null).SelectMany(s => s.Bytes.ToArray()).ToArray();
            Assert.Equal(kept, read[..kept.Length]);
        }
        finally
        {
            Shell("umount", mount);
        }
    }

    [Fact]
    public void Segments_are_made_as_the_server_names_them_and_a_missing_beginning_is_told()
    {
        var log = Log(3, (1 << 20) + 4_000);
        using (var sink = Open())
        {
            sink.Append(Start, _clock.GetUtcNow(), log);
            sink.Sync();
        }
        var end = WalSegments.Write(WalSpool.Read(_folder["spool"], null), Identity, _folder["segments"], new Lsn(Start.Value + 40));
        Assert.Equal(new Lsn(Start.Value + (ulong)log.Length), end);
        Assert.Equal(["000000010000000000000030", "000000010000000000000031"], Directory.EnumerateFiles(_folder["segments"]).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal(log[..(1 << 20)], File.ReadAllBytes(_folder["segments/000000010000000000000030"]));
        Assert.Equal([.. log[(1 << 20)..], .. new byte[(1 << 20) - 4_000]], File.ReadAllBytes(_folder["segments/000000010000000000000031"]));
        var gap = Assert.Throws<StingException>(() => WalSegments.Write(WalSpool.Read(_folder["spool"], null), Identity, _folder["segments"], new Lsn(Start.Value - 1)));
        Assert.Equal("WalGap", gap.ErrorId);
    }

    [Fact]
    public void Alarms_rise_in_order_of_harm()
    {
        var now = _clock.GetUtcNow();
        var thresholds = new WalThresholds();
        var well = new WalReceiverState(WalReceiverPhase.Streaming, now, Start, Start, Start, null);
        var view = new WalServerView(Start, 0, false, true);
        WalAlarm Judge(WalReceiverState state, WalServerView? server, long room = 1L << 40, int waiting = 0) => WalHealth.Judge(state, server, null, room, TimeSpan.FromSeconds(waiting), thresholds, now).Alarm;

        Assert.Equal(WalAlarm.None, Judge(well, view));
        Assert.Equal(WalAlarm.Behind, Judge(well, view with { Written = new Lsn(Start.Value + (100 << 20)) }));
        Assert.Equal(WalAlarm.Behind, Judge(well, view with { Written = new Lsn(Start.Value + 1) }, waiting: 11));
        Assert.Equal(WalAlarm.None, Judge(well, view with { Written = new Lsn(Start.Value + 1) }, waiting: 1));
        Assert.Equal(WalAlarm.RoomLow, Judge(well, view, room: 1000));
        Assert.Equal(WalAlarm.RoomLow, Judge(well, view with { Retained = 8UL << 30 }));
        Assert.Equal(WalAlarm.None, Judge(well with { Phase = WalReceiverPhase.Disconnected }, view));   // just now: it connects again by itself
        Assert.Equal(WalAlarm.Stalled, Judge(well with { Phase = WalReceiverPhase.Disconnected, Since = now.AddSeconds(-6) }, view));
        Assert.Equal(WalAlarm.Stalled, Judge(well with { Phase = WalReceiverPhase.Disconnected, Since = now.AddSeconds(-6) }, null));
        Assert.Equal(WalAlarm.Degraded, Judge(well, view with { Waits = false }));
        Assert.Equal(WalAlarm.Lost, Judge(well, view with { SlotLost = true }));
    }

    private static void Shell(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
