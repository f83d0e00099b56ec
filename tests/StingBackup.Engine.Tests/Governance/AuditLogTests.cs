using System.Text.Json;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>The audit log as a whole: power that fails in mid-write, the proof of it, files for other programs, a configuration that changes.</summary>
public sealed class AuditLogTests : IAsyncLifetime, IAsyncDisposable
{
    private GuardedReserve _test = null!;

    public async Task InitializeAsync() => _test = await GuardedReserve.CreateAsync();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>Power fails while a record is written: nothing of it, all of it, or a part of it is there afterwards. What was acknowledged before is there as it was.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(-65)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public async Task Power_that_fails_in_mid_write_loses_no_acknowledged_record(int kept)
    {
        var store = new TearingStore(_test.Store);
        _test.Wrap = _ => store;
        await _test.ReopenAsync();
        var acknowledged = new List<ReadOnlyMemory<byte>>();
        for (var i = 1; i <= 5; i++)
        {
            await AuditLog.NoteAsync(_test.Installation, "test", [], $"{i}", default);
            acknowledged.Add(_test.Store.Objects[_test.AuditName(i)].ToArray());
        }
        store.Keeps = kept;
        await Assert.ThrowsAsync<IOException>(() => AuditLog.NoteAsync(_test.Installation, "test", [], "torn", default).AsTask());
        store.Keeps = null;
        await _test.ReopenAsync();

        for (var i = 1; i <= 5; i++)
        {
            Assert.Equal(acknowledged[i - 1].ToArray(), _test.Store.Objects[_test.AuditName(i)].ToArray());
        }
        var check = await AuditReader.TestAsync(_test.Installation, default);
        Assert.Equal(5, (await _test.AuditAsync()).Count(e => e is { State: AuditState.Sound, Sequence: <= 5 }));
        if (kept is 0 or int.MaxValue)
        {
            // Not there, or there as a whole: the chain goes on.
            Assert.True(check.IsSound);
            var next = await AuditLog.NoteAsync(_test.Installation, "test", [], "next", default);
            Assert.Equal(kept == 0 ? 6 : 7, next.Sequence);
        }
        else
        {
            // A part of a record is nobody's word: it is named, nothing is built upon it, and it is not written over.
            Assert.Equal((1L, 6L, AuditState.Damaged), (check.Bad, check.FirstBad!.Sequence, check.FirstBad.State));
            Assert.Equal("AuditChainBroken", (await Assert.ThrowsAsync<StingException>(() => AuditLog.NoteAsync(_test.Installation, "test", [], "next", default).AsTask())).ErrorId);
            await _test.ReplaceAsync(_test.AuditName(6), null);
            Assert.Equal(6, (await AuditLog.NoteAsync(_test.Installation, "test", [], "next", default)).Sequence);
        }
        Assert.True((await AuditReader.TestAsync(_test.Installation, default)).IsSound);
    }

    [Fact]
    public async Task The_proof_names_the_first_record_that_is_not_sound_and_counts_what_points_anchor()
    {
        for (var i = 1; i <= 4; i++)
        {
            await AuditLog.NoteAsync(_test.Installation, "test", [], $"{i}", default);
        }
        await _test.BackupAsync();
        var sound = await AuditReader.TestAsync(_test.Installation, default);
        Assert.Equal((true, 4L, 1, 1L, 0L), (sound.IsSound, sound.Records, sound.Chains, sound.Anchors, sound.Bad));
        var bytes = _test.Store.Objects[_test.AuditName(2)].ToArray();
        bytes[^1] ^= 1;
        await _test.ReplaceAsync(_test.AuditName(2), bytes);
        await _test.ReplaceAsync(_test.AuditName(4), null);
        var bad = await AuditReader.TestAsync(_test.Installation, default);
        Assert.Equal((false, 3L, 2L, _test.AuditName(2)), (bad.IsSound, bad.Records, bad.Bad, bad.FirstBad!.Object));
    }

    [Fact]
    public async Task It_is_written_for_other_programs()
    {
        await AuditLog.NoteAsync(_test.Installation, "Update-StingKey", GuardedReserve.PlanFor("x").Subjects, "Completed", default);
        await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(GuardedReserve.PlanFor("user:ada")));
        var entries = await _test.AuditAsync();

        var lines = AuditExport.Write(entries, AuditFormat.JsonLines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["Noted", "Requested"], lines.Select(l => l.GetProperty("event").GetString()));
        Assert.Equal("2025-03-01T12:00:00.000Z", lines[0].GetProperty("time").GetString());
        Assert.Equal("0102030405060708090a0b0c0d0e0f10", Assert.Single(lines[0].GetProperty("subjects").EnumerateArray()).GetString());

        var table = AuditExport.Write([.. entries, entries[0] with { Outcome = "a \"b\", c", Command = "=cmd" }], AuditFormat.Csv).Split("\r\n");
        Assert.StartsWith("time,event,command,actor,outcome,request_id,plan_digest,subjects,approvers,state,problem,writer,writer_name,sequence,object", table[0], StringComparison.Ordinal);
        Assert.StartsWith("2025-03-01T12:00:00.000Z,Noted,Update-StingKey,", table[1], StringComparison.Ordinal);
        Assert.Contains(",'=cmd,", table[3], StringComparison.Ordinal);
        Assert.Contains("\"a \"\"b\"\", c\"", table[3], StringComparison.Ordinal);

        var events = AuditExport.Write([.. entries, entries[0] with { Event = AuditEvent.BrokeGlass }, entries[0] with { State = AuditState.Missing, Time = null }], AuditFormat.Ocsf)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        foreach (var happened in events)
        {
            // What the class API Activity (6003) requires.
            foreach (var required in (string[])["activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "src_endpoint", "time", "type_uid"])
            {
                Assert.True(happened.TryGetProperty(required, out _), required);
            }
            Assert.Equal(600300 + happened.GetProperty("activity_id").GetInt32(), happened.GetProperty("type_uid").GetInt32());
        }
        Assert.Equal([1, 1, 4, 5], events.Select(e => e.GetProperty("severity_id").GetInt32()));
        Assert.Equal(["Update-StingKey", "Remove-StingSubject"], events.Take(2).Select(e => e.GetProperty("api").GetProperty("operation").GetString()));
        Assert.Equal(Environment.UserName, events[0].GetProperty("actor").GetProperty("user").GetProperty("name").GetString());
    }

    [Fact]
    public void Settings_of_access_and_approvals_are_read_and_what_does_not_fit_is_told()
    {
        const string Key = "key:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        ExaminedConfiguration Read(string more)
        {
            var path = Path.Combine(_test.Root, "config.yaml");
            File.WriteAllText(path, $"repository: {{backup_root: {_test.Root}/backups}}\nreserve: {{path: {_test.Root}/reserve}}\n{more}");
            return new ConfigurationLoader(new HostView()).Examine(path);
        }
        var none = Read("");
        Assert.False(none.Configuration!.Access.IsMapped);
        Assert.Equal((FindingSeverity.Warning, "access.system_admin"), (none.SingleAdministrator!.Severity, none.SingleAdministrator.Key));
        Assert.Equal((0, 0, 1, 1), (none.Configuration.Access.CountOf(GuardedOperation.Restore), none.Configuration.Access.CountOf(GuardedOperation.RetentionCut), none.Configuration.Access.CountOf(GuardedOperation.Erasure), none.Configuration.Access.CountOf(GuardedOperation.RestoreSecrets)));

        var some = Read($"access:\n  backup_operator: [\"user:sting-backup\"]\n  system_admin: [\"group:admins\"]\n  security_team: [\"{Key}\"]\n  same_person: [\"user:ada, {Key}\"]\napprovals: {{erasure: 2, restore: 0, break_glass: []}}\n");
        var policy = some.Configuration!.Access;
        Assert.True(policy.IsMapped);
        Assert.Null(some.SingleAdministrator);
        Assert.Equal((0, 1, 2), (policy.CountOf(GuardedOperation.Restore), policy.CountOf(GuardedOperation.RestoreInPlace), policy.CountOf(GuardedOperation.Erasure)));
        Assert.Empty(policy.BreakGlass);
        Assert.True(policy.IsSamePerson(new AccessIdentity(IdentityKind.User, "ada"), new AccessIdentity(IdentityKind.Key, Key[4..])));
        Assert.Contains(some.Findings, f => f is { Severity: FindingSeverity.Warning, Key: "approvals.erasure" } && f.Problem.Contains("could never be done", StringComparison.Ordinal));
        Assert.Contains(Read("access: {system_admin: [\"user:root\"]}\n").Findings, f => f.Key == "access.security_team" && f.Problem.Contains("nobody could approve", StringComparison.Ordinal));
        foreach (var (bad, key) in (ReadOnlySpan<(string, string)>)[("access: {system_admin: [root]}", "access.system_admin"), ("approvals: {erasure: 0}", "approvals.erasure"), ("approvals: {break_glass: [erasure]}", "approvals.break_glass"), ("access: {same_person: [\"user:ada\"]}", "access.same_person")])
        {
            Assert.Contains(Read(bad + "\n").Findings, f => f.Severity == FindingSeverity.Error && f.Key == key);
        }
    }

    /// <summary>A store that loses its power while it writes: of the object as many bytes as are said are there afterwards (from the end, where negative), and nobody is told.</summary>
    private sealed class TearingStore(MemoryObjectStore store) : IObjectStore
    {
        public int? Keeps { get; set; }
        public string Location => store.Location;

        public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            if (Keeps is not { } kept)
            {
                return await store.PutAsync(name, content, cancel);
            }
            if (kept != 0)
            {
                await store.PutAsync(name, content[..(kept < 0 ? content.Length + kept : Math.Min(kept, content.Length))], cancel);
            }
            throw new IOException("The power failed.");
        }

        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => store.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => store.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => store.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => store.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => store.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => store.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
