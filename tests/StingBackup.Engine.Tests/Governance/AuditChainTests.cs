using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>A chain of four records, anchored by a point, is tampered with in every way; verification and Get-StingAuditEvent name the record.</summary>
public sealed class AuditChainTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DangerousPlan Plan = GuardedReserve.PlanFor("user:ada");
    private GuardedReserve _test = null!;
    private NewApproverResult _officer = null!;

    public async Task InitializeAsync()
    {
        _test = await GuardedReserve.CreateAsync();
        _officer = await _test.EnrolAsync("Security officer");
        _test.Approve(await _test.AskAsync(Plan), _officer);
        await _test.TryAsync(Plan);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private ReadOnlyMemory<byte> this[long number] => _test.Store.Objects[_test.AuditName(number)];

    /// <summary>Forgets what the host remembers: then points alone anchor the chain, as for every other host.</summary>
    private void ForgetHeads() => Directory.Delete(Path.Combine(_test.State, "audit"), recursive: true);

    private async Task NamesAsync(long number, AuditState state, string problem)
    {
        var fault = Assert.Single(await _test.VerifyAsync());
        Assert.Equal(_test.AuditName(number), fault.Object);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        var entry = Assert.Single(await _test.AuditAsync(), e => e.State != AuditState.Sound);
        Assert.Equal((number, state), (entry.Sequence, entry.State));
        Assert.Contains(problem, entry.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_point_anchors_the_heads_of_all_chains()
    {
        await _test.ReopenAsync(asHost: false);
        await _test.AskAsync(GuardedReserve.PlanFor("user:bob"));
        await _test.ReopenAsync();
        var result = await _test.BackupAsync();
        var view = await RepositoryView.LoadAsync(_test.Store, _test.Installation.Reserve, _test.Installation.Writers, default);
        var point = Assert.Single(view.Points, p => p.Record.Name == result.BackupId).Record;
        Assert.Equal(2, point.AuditHeads.Count);
        var own = point.AuditHeads.Single(h => h.Writer == _test.Keys.WriterId);
        Assert.Equal((4, PointRecord.HashOf(this[4].Span)), (own.Sequence, own.Hash));
        Assert.Empty(await _test.VerifyAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_record_dropped_is_named_by_the_point_or_by_the_host_that_wrote_it(bool byPoint)
    {
        if (byPoint)
        {
            await _test.BackupAsync();
            ForgetHeads();
        }
        await _test.ReplaceAsync(_test.AuditName(4), null);
        await NamesAsync(4, AuditState.Missing, byPoint ? "points/" : "this host");
    }

    [Fact]
    public async Task A_chain_that_is_cut_is_not_continued_by_the_host_that_remembers_it()
    {
        await _test.ReplaceAsync(_test.AuditName(4), null);
        var error = await _test.RefusedAsync(GuardedReserve.PlanFor("user:bob"), "AuditChainBroken", FailureKind.Integrity);
        Assert.Equal(_test.AuditName(4), error.Target);
    }

    [Fact]
    public async Task A_point_keeps_what_the_host_remembers_even_if_the_chain_was_cut_before_the_run()
    {
        await _test.ReplaceAsync(_test.AuditName(4), null);
        await _test.BackupAsync();
        ForgetHeads();
        await NamesAsync(4, AuditState.Missing, "points/");
    }

    [Fact]
    public async Task A_chain_that_was_cut_and_written_anew_is_named()
    {
        await _test.BackupAsync();
        ForgetHeads();
        await _test.ReplaceAsync(_test.AuditName(4), null);
        await _test.AskAsync(GuardedReserve.PlanFor("user:bob"));   // the host that forgot writes another fourth record
        await NamesAsync(4, AuditState.Tampered, "saw another record");
    }

    [Fact]
    public async Task A_record_missing_in_the_middle_is_named()
    {
        await _test.ReplaceAsync(_test.AuditName(2), null);
        await NamesAsync(2, AuditState.Missing, "although its writer went on");
        await _test.RefusedAsync(GuardedReserve.PlanFor("user:bob"), "AuditChainBroken", FailureKind.Integrity);
    }

    [Fact]
    public async Task Two_records_swapped_are_both_named()
    {
        var (two, three) = (this[2].ToArray(), this[3].ToArray());
        await _test.ReplaceAsync(_test.AuditName(2), three);
        await _test.ReplaceAsync(_test.AuditName(3), two);
        Assert.Equal([_test.AuditName(2), _test.AuditName(3)], (await _test.VerifyAsync()).Select(f => f.Object));
    }

    [Fact]
    public async Task Every_changed_byte_is_named()
    {
        for (var number = 1; number <= 4; number++)
        {
            var bytes = this[number].ToArray();
            foreach (var at in (int[])[0, 9, 11, 20, 60, 110, bytes.Length / 2, bytes.Length - 65, bytes.Length - 64, bytes.Length - 1])
            {
                await _test.ReplaceAsync(_test.AuditName(number), Verify.Flip(bytes, at, 0x01));
                Assert.Equal([_test.AuditName(number)], (await _test.VerifyAsync()).Select(f => f.Object));
                await _test.ReplaceAsync(_test.AuditName(number), bytes);
            }
        }
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task A_record_that_its_own_writer_replaced_is_named()
    {
        var old = AuditRecord.Read(_test.AuditName(2), this[2], _test.Installation.Reserve, _ => _test.Keys.Signer.PublicKey);
        await _test.ReplaceAsync(_test.AuditName(2), (old with { Actor = "somebody else" }).ToBytes(_test.Keys.Signer));
        await NamesAsync(2, AuditState.Tampered, "forked");
    }

    [Theory]
    [InlineData(AuditEvent.Approved, "holds no approval")]
    [InlineData(AuditEvent.Executed, "no record says was approved")]
    [InlineData(AuditEvent.Failed, "no record says was approved")]
    public async Task What_says_approved_or_executed_without_an_approval_is_named_even_if_its_host_signed_it(AuditEvent what, string problem)
    {
        var log = await AuditLog.OpenAsync(_test.Installation, default);
        await log.AppendAsync(new AuditDraft(what, "Remove-StingSubject") { Request = new Id16(new byte[16] { 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 }) }, default);
        await NamesAsync(5, AuditState.Tampered, problem);
    }

    [Fact]
    public async Task An_approval_that_was_copied_to_another_request_is_named()
    {
        var real = AuditRecord.Read(_test.AuditName(3), this[3], _test.Installation.Reserve, _ => _test.Keys.Signer.PublicKey);
        var log = await AuditLog.OpenAsync(_test.Installation, default);
        await log.AppendAsync(new AuditDraft(AuditEvent.Approved, real.Verb) { Request = real.Request, PlanDigest = GuardedReserve.PlanFor("user:bob").Digest, Approvals = real.Approvals }, default);
        await NamesAsync(5, AuditState.Tampered, "does not fit");
    }

    [Fact]
    public async Task A_record_of_a_writer_that_nobody_enrolled_is_named_and_anchored_by_nobody()
    {
        using var stranger = EcdsaSigner.Generate();
        var record = new AuditRecord
        {
            Reserve = _test.Installation.Reserve, Writer = new Id16(new byte[16] { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 }), Sequence = 1, Previous = default, TimeNs = 1, Event = AuditEvent.Executed, Verb = "x", Actor = "y",
        };
        await _test.Store.PutAsync(record.ObjectName, record.ToBytes(stranger), default);
        await _test.BackupAsync();
        var fault = Assert.Single(await _test.VerifyAsync());
        Assert.Equal(record.ObjectName, fault.Object);
        Assert.Contains("not enrolled", fault.Problem, StringComparison.Ordinal);
        await _test.ReplaceAsync(record.ObjectName, null);
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task Two_processes_that_write_at_once_both_get_their_place()
    {
        var logs = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await Task.Yield();
            var log = await AuditLog.OpenAsync(_test.Installation, default);
            return (await log.AppendAsync(new AuditDraft(AuditEvent.Noted, "test") { Outcome = $"{i}" }, default)).Sequence;
        }));
        Assert.Equal(Enumerable.Range(5, 8).Select(i => (long)i), logs.Order());
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task Whoever_reads_the_chain_while_another_process_goes_on_with_it_takes_it_for_whole()
    {
        var other = await AuditLog.OpenAsync(_test.Installation, default);
        var store = new MovingStore(_test.Store);
        _test.Wrap = _ => store;
        var mine = await AuditLog.OpenAsync(await _test.ReopenAsync(), default);

        // Another process adds a record, and remembers it, right after this one has listed the chain; the place that this one then wants is taken, and it gets the next.
        store.AfterList = () => other.AppendAsync(new AuditDraft(AuditEvent.Noted, "other"), default).AsTask();
        Assert.Equal(6, (await mine.AppendAsync(new AuditDraft(AuditEvent.Noted, "mine"), default)).Sequence);

        // A listing need not tell of a record that came while it was made, though it does of one after that.
        store.Hidden = _test.AuditName(5);
        await mine.CheckAsync(default);
        store.HidesAlways = true;
        store.Hidden = _test.AuditName(5);
        Assert.Equal("AuditChainBroken", (await Assert.ThrowsAsync<StingException>(() => mine.CheckAsync(default).AsTask())).ErrorId);
        store.Hidden = null;
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task A_plan_has_one_digest_whatever_the_order_of_its_facts()
    {
        var turned = Plan with { Facts = [.. Plan.Facts.Reverse()], Subjects = [.. Plan.Subjects, .. Plan.Subjects] };
        Assert.Equal(Plan.Digest, turned.Digest);
        Assert.NotEqual(Plan.Digest, (Plan with { Verb = "Remove-StingLegalHold" }).Digest);
        Assert.NotEqual(Plan.Digest, (Plan with { Subjects = [] }).Digest);
        await Assert.ThrowsAsync<ArgumentException>(() => _test.TryAsync(Plan with { Facts = [Plan.Facts[0], Plan.Facts[0]] }));
    }

    [Fact]
    public async Task What_the_format_page_says_is_what_is_written()
    {
        // An independent reading of the record: the map's keys and kinds as docs/repository-format.md has them.
        var bytes = this[3];
        Assert.Equal([(byte)12, 0, 1, 0], bytes.Span.Slice(8, 4).ToArray());
        var cbor = new System.Formats.Cbor.CborReader(bytes[12..^64], System.Formats.Cbor.CborConformanceMode.Ctap2Canonical);
        Assert.Equal(13, cbor.ReadStartMap());
        Assert.Equal((1, 16), (cbor.ReadInt32(), cbor.ReadByteString().Length));
        Assert.Equal((2, 16), (cbor.ReadInt32(), cbor.ReadByteString().Length));
        Assert.Equal((3, 3L), (cbor.ReadInt32(), cbor.ReadInt64()));
        Assert.Equal(4, cbor.ReadInt32());
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(this[2].Span), cbor.ReadByteString());
        Assert.Equal(5, cbor.ReadInt32());
        Assert.Equal(NanosecondTime.ToNs(_test.Clock.GetUtcNow()), cbor.ReadInt64());
        Assert.Equal((6, 2), (cbor.ReadInt32(), cbor.ReadInt32()));
        Assert.Equal((7, "Remove-StingSubject"), (cbor.ReadInt32(), cbor.ReadTextString()));
        await Task.CompletedTask;
    }

    /// <summary>A store in which something happens while it is listed.</summary>
    private sealed class MovingStore(IObjectStore store) : IObjectStore
    {
        public Func<Task>? AfterList { get; set; }
        public string? Hidden { get; set; }
        public bool HidesAlways { get; set; }
        public string Location => store.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => store.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => store.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => store.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => store.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => store.GetLengthAsync(name, cancel);

        public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            var hidden = Hidden;
            Hidden = HidesAlways ? hidden : null;
            await foreach (var item in store.ListAsync(prefix, cancel))
            {
                if (item.Name != hidden)
                {
                    yield return item;
                }
            }
            if (AfterList is { } after)
            {
                AfterList = null;
                await after();
            }
        }

        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => store.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
