using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// One repair. First what others are checked with (format, enrolments), then the index, then what needs names (claims); at the end a look at the structure tells what is left.
/// </summary>
internal sealed class RepairRun(Installation installation, RepairPlan plan, JobOutput output)
{
    private readonly FaultBook _left = new(problem => output.Tell(problem), Tier.Local, installation.Tiers.Count > 1);
    private readonly FaultBook _unhealed = new();

    public async Task<RepairResult> RunAsync(CancellationToken cancel)
    {
        using var hostLock = installation.LockHost();
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Repair";
        var reader = plan.UseKeys ? await installation.UnlockAsync(cancel).ConfigureAwait(false) : null;
        using var enrolled = await EnrollAsync(reader as SubjectReader, cancel).ConfigureAwait(false);
        var healer = new TierHealer(installation, _unhealed, output);
        if (healer.HasOthers)
        {
            await new TierHealing(installation, healer, output).RunAsync(IntegrityLevel.Structure, cancel).ConfigureAwait(false);
        }
        var keys = enrolled ?? installation.Keys;
        var mending = keys is null ? null : new KeyRepair(installation.Store, keys, reader as SubjectReader, _left, output);
        var writers = installation.Writers;
        if (mending is not null)
        {
            await mending.PublishAsync(cancel).ConfigureAwait(false);
            writers = await keys!.LoadWritersAsync(installation.Store, cancel).ConfigureAwait(false);
        }
        try
        {
            var identity = await IdentityAsync(enrolled, cancel).ConfigureAwait(false);
            var probe = new ObjectProbe(installation.Store, _left);
            var index = await new IndexRebuild(installation, writers, identity, reader, probe, healer, _left, output).RunAsync(cancel).ConfigureAwait(false);
            TellIndex(index, identity);
            await MakeParityAsync(cancel).ConfigureAwait(false);
            await RemoveDamagedSessionsAsync(writers, cancel).ConfigureAwait(false);
            await RemoveVoidMaintenanceAsync(writers, cancel).ConfigureAwait(false);
            if (mending is not null && reader is SubjectReader && index.Audit is { } audit)
            {
                await mending.RebuildClaimsAsync(audit.Names, writers, cancel).ConfigureAwait(false);
                var writer = enrolled is null ? installation.Host?.Subjects as SubjectWriter : null;
                var unclaimed = writer is null ? 0 : (await SubjectSurvey.TakeAsync(installation, writer, cancel).ConfigureAwait(false)).Unclaimed;
                await mending.RefillAsync(writer?.Spares, unclaimed, cancel).ConfigureAwait(false);
            }
            DropCache(installation, output.Warn);
            return new RepairResult
            {
                Packs = index.Packs, Entries = index.Entries, FragmentsReplaced = index.Replaced, ObjectsRestored = mending?.Restored ?? 0,
                Healed = [.. healer.Healed], Signed = index.Signed, Faults = await RemainingAsync(writers, index.Audit, cancel).ConfigureAwait(false), Duration = installation.Clock.GetElapsedTime(started),
            };
        }
        finally
        {
            healer.Note();
            if (writers != installation.Writers)
            {
                writers.Dispose();
            }
        }
    }

    /// <summary>A host whose keys are lost is enrolled anew, where the key role is at hand.</summary>
    private async ValueTask<ReserveKeys?> EnrollAsync(SubjectReader? reader, CancellationToken cancel)
    {
        if (installation.Host is not null || reader is null || installation.Keys is not { IsEnrolled: false } keys)
        {
            return null;
        }
        var enrolled = await keys.EnrollHostAsync(reader, Environment.MachineName, installation.Store, cancel).ConfigureAwait(false);
        output.Warn($"This host had no keys of its own; it is enrolled as writer {enrolled.WriterId} now.");
        return enrolled;
    }

    /// <summary>As whom the index is signed: this host, under the number of its last point. Null where the host may not write.</summary>
    private async ValueTask<WriterIdentity?> IdentityAsync(ReserveKeys? enrolled, CancellationToken cancel)
    {
        var (writer, signer) = enrolled is not null ? (enrolled.WriterId, enrolled.Signer) : installation.Host is { } host ? (host.Writer, host.Signer) : default;
        if (signer is null)
        {
            return null;
        }
        var last = 0L;
        await foreach (var item in installation.Store.ListAsync($"points/{writer}/", cancel).ConfigureAwait(false))
        {
            last = ObjectKinds.Of(item.Name) is not null ? ObjectKinds.RunIn(item.Name).Sequence : last;
        }
        return new WriterIdentity(installation.Reserve, writer, last, signer);
    }

    private void TellIndex(IndexOutcome index, WriterIdentity? identity)
    {
        output.Tell($"{index.Packs} packs read; {index.Replaced} index fragments replaced by {index.Entries} rows.");
        if (!index.Signed)
        {
            output.Warn(identity is null || !plan.UseKeys
                ? "Part of the index is not signed, since nothing vouched for it: it serves restores, and the next backup stores again what it names. Run the repair with the restore role's keys to sign it."
                : "Part of the index is not signed, since it names damaged packs or chunks that no key here opens: it serves restores; the next full backup stores again what it names.");
        }
    }

    /// <summary>Parity of packs that are whole, where it is missing or damaged; a setting that came later holds from here on for all.</summary>
    private async ValueTask MakeParityAsync(CancellationToken cancel)
    {
        if (installation.Store.Parity is not { } parity)
        {
            return;
        }
        output.Progress.Status = "parity of packs";
        var packs = new List<PackInfo>();
        await foreach (var pack in PackFooters.ListAsync(installation.Store, cancel).ConfigureAwait(false))
        {
            packs.Add(pack);
        }
        var made = await new ParityKeeping(installation.Store, parity, installation.Threads).MakeAsync(packs, (name, failure) => _left.Add(name, failure), cancel).ConfigureAwait(false);
        if (made > 0)
        {
            output.Tell($"Parity was made for {made} packs.");
        }
    }

    /// <summary>A damaged announcement of a run that has ended serves nobody; one of a run without a point is its host's affair.</summary>
    private async ValueTask RemoveDamagedSessionsAsync(EnrolledWriters writers, CancellationToken cancel)
    {
        var found = new FaultBook();
        var probe = new ObjectProbe(installation.Store, found);
        var census = await Census.TakeAsync(installation.Store, new FaultBook(), cancel).ConfigureAwait(false);
        var mender = new StoreMender(installation.Store, _left);
        var points = census.Points.ToHashSet(StringComparer.Ordinal);
        foreach (var name in census.Under("sessions/").Where(n => ObjectKinds.Of(n) == ObjectKind.Session))
        {
            var (writer, sequence) = ObjectKinds.RunIn(name);
            if (!await probe.CheckAsync(name, bytes => SessionRecord.Check(name, bytes, installation.Reserve, writers.SigningKeyOf), cancel).ConfigureAwait(false)
                && points.Contains(PointRecord.NameOf(writer, sequence)) && await mender.RemoveAsync(name, cancel).ConfigureAwait(false))
            {
                output.Explain($"Removed '{name}': its run has ended.");
            }
        }
    }

    /// <summary>
    /// A drop or a mark that is damaged, or signed by a host without the right, counts for nobody and keeps every sweep from going on. Without it the next retention lets go again what it named, and the next sweep marks again.
    /// </summary>
    private async ValueTask RemoveVoidMaintenanceAsync(EnrolledWriters writers, CancellationToken cancel)
    {
        if (writers.Faults.Count > 0)
        {
            return;   // whose writer cannot be looked up is not known to be void
        }
        var census = await Census.TakeAsync(installation.Store, new FaultBook(), cancel).ConfigureAwait(false);
        var mender = new StoreMender(installation.Store, _left);
        var names = census.Under(DropRecord.Prefix).Concat(census.Under(MarkRecord.Prefix)).Where(n => ObjectKinds.Of(n) is ObjectKind.Drop or ObjectKind.Mark).OrderDescending(StringComparer.Ordinal).ToList();
        var isVoid = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (await IsVoidAsync(name, writers, cancel).ConfigureAwait(false))
            {
                isVoid.Add(name);
            }
        }
        // Without its first step a mark counts for nobody; that one goes last, as in a sweep.
        foreach (var name in names.Where(name => isVoid.Contains(name) || (ObjectKinds.Of(name) == ObjectKind.Mark && isVoid.Contains(name[..^1] + "1"))))
        {
            if (await mender.RemoveAsync(name, cancel).ConfigureAwait(false))
            {
                output.Explain($"Removed '{name}': nothing is done on its account.");
            }
        }
    }

    private async ValueTask<bool> IsVoidAsync(string name, EnrolledWriters writers, CancellationToken cancel)
    {
        try
        {
            var bytes = await Storage.ObjectStoreExtensions.ReadAllAsync(installation.Store, name, cancel).ConfigureAwait(false);
            _ = ObjectKinds.Of(name) == ObjectKind.Drop ? (object)DropRecord.Read(name, bytes, installation.Reserve, writers) : MarkRecord.Read(name, bytes, installation.Reserve, writers);
            return false;
        }
        catch (StingException e) when (e.ErrorId == "ObjectDamaged")
        {
            return true;
        }
        catch (StingException e) when (e.ErrorId is "ObjectNotFound" or "FormatTooNew")
        {
            return false;   // its sweeper was done with it; or a newer program's, which may know better
        }
    }

    /// <summary>The host's cache may name chunks that are no more; it fills itself again.</summary>
    internal static void DropCache(Installation installation, Action<string> warn)
    {
        var folder = Path.Combine(installation.CacheFolder, installation.Reserve.ToString());
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn($"The host's cache in '{folder}' could not be removed: {e.Message} Remove it by hand, so that the next backup does not build on it.");
        }
    }

    /// <summary>Says of a fault that is left why no other tier healed it.</summary>
    internal static IntegrityFault WithReason(IntegrityFault fault, FaultBook unhealed) => unhealed.Holds(fault.Object) ? fault with { Problem = $"{fault.Problem}; {unhealed[fault.Object].Problem}" } : fault;

    /// <summary>What a look at the structure still finds, and the packs that were found damaged.</summary>
    private async ValueTask<IReadOnlyList<IntegrityFault>> RemainingAsync(EnrolledWriters writers, PageAudit? audit, CancellationToken cancel)
    {
        var structure = await new VerifyRun(installation, writers, new VerifyRequest { Level = IntegrityLevel.Structure }, output).RunAsync(cancel).ConfigureAwait(false);
        var known = structure.Faults.Select(f => f.Object).ToHashSet(StringComparer.Ordinal);
        return [.. structure.Faults.Concat(_left.ToRecords(p => audit?.Names.GetValueOrDefault(p)).Where(f => !known.Contains(f.Object))).Select(f => WithReason(f, _unhealed)).OrderBy(f => f.Object, StringComparer.Ordinal)];
    }
}
