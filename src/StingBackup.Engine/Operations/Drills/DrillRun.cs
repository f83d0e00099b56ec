using System.Globalization;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>One drill: restores from one tier into its own place, loads rows and secrets, compares, removes all of it, and keeps the signed evidence. What goes wrong is evidence too.</summary>
internal sealed class DrillRun(Installation installation, RecoveryTestPlan plan, JobOutput output)
{
    private readonly DrillKind _kind = DrillKind.Of(plan.Type);
    private readonly DrillSelection _selection = (DrillSelection)plan.Exact!;
    private readonly DrillTally _tally = new();
    private readonly List<string> _reasons = [];
    private readonly List<string> _notes = [.. plan.Notes];
    private readonly List<RestorePlan> _plans = [];
    private readonly DrillLeft _left = new(plan.Destination);
    private readonly List<MeteredStore> _meters = [];
    private long _items, _length;
    private TimeSpan _recovery, _thaw, _comparison, _single;

    /// <summary>What is held against the target: of files the longest of single ones, since that is what the strategy promises; else all of it, thawing included.</summary>
    private TimeSpan Reached => plan.Type == RecoveryTestType.File ? _single : _recovery + _thaw;

    public async Task<RecoveryTest> RunAsync(CancellationToken cancel)
    {
        var started = installation.NowNs;
        // What cannot be signed is no evidence: that is known before anything is restored.
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        await log.CheckAsync(cancel).ConfigureAwait(false);
        output.Progress.Activity = $"Test of recovery: {_kind.Scenario}";
        (output.Progress.TotalItems, output.Progress.TotalBytes) = (null, null);
        using (var place = DrillPlace.Create(plan.Destination, folder => DrillLeft.Remove(installation, folder, output)))
        {
            try
            {
                await WorkAsync(cancel).ConfigureAwait(false);
            }
            finally
            {
                await _left.RemoveAsync(output).ConfigureAwait(false);
                place.Clear();
            }
            if (place.LeftBehind is { } why)
            {
                Fail($"LeftBehind: what was restored could not be removed from the folder of the test: {why}");
            }
        }
        Judge();
        return await KeepAsync(log, started).ConfigureAwait(false);
    }

    private async Task WorkAsync(CancellationToken cancel)
    {
        using var bound = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, bound.Token);
        try
        {
            await DrillAsync(bound, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            Fail($"LongerThanAllowed: the test was ended after {Display.Duration(_kind.Bound)}");
        }
        catch (StingException e)
        {
            output.Failed(e);
            Fail($"{e.ErrorId}: the test could not go on");
        }
    }

    private async Task DrillAsync(CancellationTokenSource bound, CancellationToken stop)
    {
        foreach (var failure in _selection.Failures)
        {
            output.Failed(failure);
            Fail($"{failure.ErrorId}: damage was met where choosing looked");
        }
        var began = installation.Clock.GetTimestamp();
        var there = await installation.AloneAtTierAsync(plan.Tier, Metered, stop).ConfigureAwait(false);
        using var repository = await RepositoryReading.OpenAsync(there, stop).ConfigureAwait(false);
        var keys = await installation.UnlockAsync(stop).ConfigureAwait(false);
        var opening = installation.Clock.GetElapsedTime(began);
        foreach (var part in _selection.Parts)
        {
            _plans.Add(await DrillPlanner.PlanPartAsync(there, repository, part.Request, stop).ConfigureAwait(false));
        }
        _thaw = await new DrillThaw(installation, there, plan.Request.Speed, output).RunAsync(_plans, stop).ConfigureAwait(false);
        using var timer = installation.Clock.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), bound, _kind.Bound, Timeout.InfiniteTimeSpan);
        _recovery = opening;
        var places = new List<RestoreContext>();
        try
        {
            await RestoreAsync(there, repository, keys, places, stop).ConfigureAwait(false);
            var server = await LoadRowsAsync(stop).ConfigureAwait(false);
            await LoadSecretsAsync(stop).ConfigureAwait(false);
            var compared = installation.Clock.GetTimestamp();
            output.Progress.Status = "comparing";
            await CompareAsync(places, keys, server, stop).ConfigureAwait(false);
            await ReferencesAsync(there, stop).ConfigureAwait(false);
            _comparison = installation.Clock.GetElapsedTime(compared);
        }
        finally
        {
            places.ForEach(p => p.Target.Dispose());
        }
    }

    private MeteredStore Metered(Storage.IObjectStore store)
    {
        _meters.Add(new MeteredStore(store));
        return _meters[^1];
    }

    private async Task RestoreAsync(Installation there, RepositoryReading repository, ISubjectReader keys, List<RestoreContext> places, CancellationToken stop)
    {
        var opening = _recovery;
        foreach (var (part, restore) in _selection.Parts.Zip(_plans))
        {
            var from = installation.Clock.GetTimestamp();
            var context = new RestoreContext(there, restore.Conflict, (RestoreSelection)restore.Selection!, repository, DirectoryRestoreTarget.Open(plan.Destination), output);
            places.Add(context);
            var result = await new RestoreRun(restore, context, keys).RunAsync(stop).ConfigureAwait(false);
            var took = installation.Clock.GetElapsedTime(from);
            _recovery += took;
            // A person who misses one file waits for the opening of the repository too.
            _single = part.Chosen is not null && opening + took > _single ? opening + took : _single;
            (_items, _length) = (_items + result.ItemsRestored, _length + result.BytesRestored);
            (output.Progress.TotalItems, output.Progress.TotalBytes) = (null, null);
        }
    }

    private async Task<ScratchServer?> LoadRowsAsync(CancellationToken cancel)
    {
        if (!_selection.HasRows)
        {
            return null;
        }
        if (_selection.Programs is not { } programs)
        {
            if (plan.Type == RecoveryTestType.Full)
            {
                Fail("RowsNotLoaded: there are no programs of a database server on this host, and a complete system has its databases");
            }
            return null;
        }
        var from = installation.Clock.GetTimestamp();
        output.Progress.Status = "loading rows";
        var server = await _left.StartServerAsync(programs, cancel).ConfigureAwait(false);
        var mended = new List<string>();
        try
        {
            await LogicalRestore.RunAsync(server.Settings, Files(), new LogicalRestoreOptions { LetGo = installation.Ledger.Entries.Count > 0 ? mended.Add : null }, cancel).ConfigureAwait(false);
        }
        finally
        {
            mended.ForEach(output.Tell);
        }
        if (installation.DrillLoaded is { } loaded)
        {
            await loaded(server.Settings).ConfigureAwait(false);
        }
        if (mended.Count > 0)
        {
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{mended.Count} tables referred to people who were erased since: their rows are not compared."));
        }
        _recovery += installation.Clock.GetElapsedTime(from);
        return mended.Count > 0 ? null : server;
    }

    private async Task LoadSecretsAsync(CancellationToken cancel)
    {
        if (plan.Type == RecoveryTestType.File || installation.Configuration?.Drills.VaultPrefix is not { } prefix)
        {
            return;
        }
        var from = installation.Clock.GetTimestamp();
        output.Progress.Status = "writing secrets to Vault";
        await _left.WriteSecretsAsync(new VaultTrial(installation, prefix), _tally, output, cancel).ConfigureAwait(false);
        _recovery += installation.Clock.GetElapsedTime(from);
    }

    private async Task CompareAsync(List<RestoreContext> places, ISubjectReader keys, ScratchServer? server, CancellationToken cancel)
    {
        var tagOf = await DrillPlanner.TaggerAsync(installation, cancel).ConfigureAwait(false);
        using (var live = new LiveReserve(installation, output, cancel))
        {
            foreach (var context in places)
            {
                await new FileComparison(context, keys, live, _tally, tagOf).RunAsync(cancel).ConfigureAwait(false);
            }
        }
        if (server is not null)
        {
            await RowComparison.RunAsync(server.Settings, Files(), _tally, cancel).ConfigureAwait(false);
        }
    }

    private async Task ReferencesAsync(Installation there, CancellationToken cancel)
    {
        if (plan.Type != RecoveryTestType.Full || !_selection.HasRows)
        {
            return;
        }
        const string Kind = "references of rows to files";
        var result = await new ReferenceRun(there, new VerifyRequest { Level = IntegrityLevel.References, BackupId = _selection.Parts[^1].Request.BackupId }, output).RunAsync(cancel).ConfigureAwait(false);
        _tally.Count(Kind, result.Chunks, result.Chunks - result.Faults.Count);
        foreach (var fault in result.Faults)
        {
            _tally.Differs(Kind, default, default, fault.Subjects.Count > 0 ? fault.Subjects[0] : "", "a row", "it names a file that is not in this state");
            output.Warn($"{fault.Object}: {fault.Problem}");
        }
    }

    private FolderCaptureFiles Files() => new(Path.Combine(plan.Destination, ReserveMounts.PostgreSql.ToString()));

    private void Judge()
    {
        if (output.Errors > 0 && _reasons.Count == 0)
        {
            Fail(string.Create(CultureInfo.InvariantCulture, $"ItemsFailed: {output.Errors} items could not be restored"));
        }
        if (_tally.Differences > 0)
        {
            Fail(string.Create(CultureInfo.InvariantCulture, $"Different: {_tally.Differences} of {_tally.Compared} that were compared are not as they should be ({string.Join("; ", _tally.Kept.Select(d => $"{d.Kind}: {d.Why}").Distinct(StringComparer.Ordinal).Take(5))})"));
        }
        if (_tally.Compared == 0 && _reasons.Count == 0)
        {
            Fail("NothingCompared: nothing was restored that could be compared");
        }
        if (Reached > _kind.Target)
        {
            Fail($"SlowerThanTarget: it took {Display.Duration(Reached)}, and the strategy's target is {Display.Duration(_kind.Target)}");
        }
        if (!_kind.IsNamed(plan.Tier))
        {
            _reasons.Insert(0, $"OtherTier: it was restored from the {plan.Tier} tier, and the strategy names the {_kind.Tier} tier: this is no evidence");
        }
    }

    private void Fail(string reason) => _reasons.Add(reason);

    private async Task<RecoveryTest> KeepAsync(AuditLog log, long started)
    {
        var shown = _selection.Parts.Zip(_plans.Select(p => (RestorePlan?)p).Concat(Enumerable.Repeat((RestorePlan?)null, _selection.Parts.Count))).Where(p => p.First.Chosen is not null).ToList();
        var tagOf = await DrillPlanner.TaggerAsync(installation, CancellationToken.None).ConfigureAwait(false);
        var record = new DrillRecord
        {
            Reserve = installation.Reserve, Writer = log.Writer, TimeNs = started, Type = plan.Type, Seed = plan.Seed, NamedTier = plan.NamedTier, Tier = plan.Tier,
            Points = [.. _plans.SelectMany(p => p.Points).Select(p => $"{p.BackupId} {p.DataClass}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Choices = [.. shown.Select(p => new DrillChoice(p.First.Chosen!.Pseudonym, p.First.Chosen.Path is { } path ? tagOf(p.First.Chosen.Subject, path) : default, p.Second?.Items ?? 0, p.Second?.Length ?? 0))],
            Packs = [.. _meters.Select(m => new DrillPacks(plan.Tier, m.Packs, m.Length))], Items = _items, Length = _length, Recovery = _recovery, Thaw = _thaw, Comparison = _comparison, Reached = Reached,
            Target = _kind.Target, Bound = _kind.Bound, Checks = _tally.Checks, Differences = _tally.Kept, DifferenceCount = _tally.Differences,
            Verdict = !_kind.IsNamed(plan.Tier) ? RecoveryVerdict.NoEvidence : _reasons.Count > 0 ? RecoveryVerdict.Failed : RecoveryVerdict.Passed, Reasons = [.. _reasons], Notes = [.. _notes], Actor = installation.Caller.Actor,
        };
        var bytes = record.ToBytes(log.Signer);
        var name = DrillRecord.NameOf(bytes);
        // The evidence first: a chain that names what is not there would look as if somebody had taken it away.
        await installation.Store.PutAsync(name, bytes, CancellationToken.None).ConfigureAwait(false);
        await log.AppendAsync(new AuditDraft(AuditEvent.Noted, DrillRecord.Verb)
        {
            PlanDigest = Repository.ObjectKinds.IdIn(name), Subjects = [.. record.Choices.Select(c => c.Pseudonym).Where(p => p != default).Distinct()], Outcome = $"{record.Type}{record.Verdict}",
        }, CancellationToken.None).ConfigureAwait(false);
        var result = DrillReader.ToTest(new DrillEvidence(name, record), installation.Zone) with
        {
            IsInAuditLog = true, Differences = _tally.Shown, Choices = [.. shown.Select(p => new RecoveryTestChoice(p.First.Chosen!.Subject, p.First.Chosen.Path?.ToString() ?? "", p.Second?.Items ?? 0, p.Second?.Length ?? 0))],
        };
        if (!result.Passed)
        {
            output.Failed(new StingException(result.Verdict == RecoveryVerdict.NoEvidence ? "DrillNoEvidence" : "DrillFailed", FailureKind.Integrity, $"The test of recovery {result.Type} did not pass: {string.Join("; ", result.Reasons)}.", result.Id,
                result.Verdict == RecoveryVerdict.NoEvidence ? $"Test without -Tier: {_kind.Scenario} is restored from the {_kind.Tier} tier." : "Find out why before it is needed: Test-StingBackupIntegrity -Level Data tells of damage, Get-StingRecoveryTest shows what differed; then test again with the same -Seed."));
        }
        return result;
    }
}
