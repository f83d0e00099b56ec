using System.Globalization;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Governance;

/// <summary>
/// This host's audit chain, to be continued: the host signs where it is enrolled, else the key role where it is unlocked. A chain that is not whole is not continued: nothing dangerous
/// happens before somebody knows what became of it.
/// </summary>
internal sealed class AuditLog
{
    private const int Tries = 20;
    private readonly Installation _installation;
    private readonly ISigner _signer;

    private AuditLog(Installation installation, Id16 writer, ISigner signer)
    {
        _installation = installation;
        Writer = writer;
        _signer = signer;
    }

    /// <summary>Whose chain it is.</summary>
    public Id16 Writer { get; }

    /// <summary>What signs it, and other records of this host.</summary>
    internal ISigner Signer => _signer;

    /// <summary>The key that signs it.</summary>
    public ReadOnlyMemory<byte> PublicKey => _signer.PublicKey;

    /// <summary>Opens the chain; asks for the key role's passphrase only where the host has no keys of its own.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c>, and what unlocking keys can say</exception>
    public static async ValueTask<AuditLog> OpenAsync(Installation installation, CancellationToken cancel)
    {
        if (installation.Host is { } host)
        {
            return new AuditLog(installation, host.Writer, host.Signer);
        }
        return await installation.UnlockAsync(cancel).ConfigureAwait(false) is SubjectReader { Role.Keys.KeyRole: var keyRole }
            ? new AuditLog(installation, WriterOf(keyRole.PublicKey.Span), keyRole)
            : throw new StingException("HostNotEnrolled", FailureKind.NotFound, "This host has no keys of its own, and the key role is not here: nothing can sign the audit record.", installation.StateFolder,
                "Put the host's state folder back, or run Repair-StingRepository with the key file's passphrase: it enrols the host anew.");
    }

    /// <summary>The key role's own chain, by a key that is at hand.</summary>
    public static AuditLog OfKeyRole(Installation installation, EcdsaSigner keyRole) => new(installation, WriterOf(keyRole.PublicKey.Span), keyRole);

    /// <summary>The key role's own chain: the first 16 bytes of its fingerprint.</summary>
    public static Id16 WriterOf(ReadOnlySpan<byte> keyRole) => EnrolledApprover.IdOf(keyRole);

    /// <summary>The key that signs a writer's chain, or null.</summary>
    public static ReadOnlyMemory<byte>? KeyOf(Installation installation, Id16 writer) =>
        installation.Writers.SigningKeyOf(writer) ?? installation.Keys?.KeyRoleKeyOf(writer);

    /// <summary>Keeps on record what needs no approval.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="verb">The cmdlet.</param>
    /// <param name="subjects">Pseudonyms and other ids that it touches; never names.</param>
    /// <param name="outcome">A word for what happened; no names.</param>
    /// <param name="cancel">Cancels before it is written.</param>
    public static async ValueTask<ChainHead> NoteAsync(Installation installation, string verb, IReadOnlyList<Id16> subjects, string outcome, CancellationToken cancel)
    {
        var log = await OpenAsync(installation, cancel).ConfigureAwait(false);
        return await log.AppendAsync(new AuditDraft(AuditEvent.Noted, verb) { Subjects = subjects, Outcome = outcome }, cancel).ConfigureAwait(false);
    }

    /// <summary>Adds a record, durable on return. Another process of this host may add one at the same moment: the conditional write decides, and the loser tries again.</summary>
    /// <param name="draft">What happened; number, hash, time and actor are filled in.</param>
    /// <param name="cancel">Cancels before it is written.</param>
    /// <exception cref="StingException"><c>AuditChainBroken</c>, <c>StoreUnavailable</c>, <c>StoreFull</c></exception>
    public ValueTask<ChainHead> AppendAsync(AuditDraft draft, CancellationToken cancel) => AppendAsync(draft, null, cancel);

    /// <summary>The same of a process that writes many: where the chain ended a moment ago is told, so that the store need not be listed for each. That nobody wrote meanwhile the conditional write decides.</summary>
    /// <inheritdoc cref="AppendAsync(AuditDraft, CancellationToken)"/>
    public async ValueTask<ChainHead> AppendAsync(AuditDraft draft, ChainHead? known, CancellationToken cancel)
    {
        if (ConfigurationWatch.Changed(_installation) is not { } digest)
        {
            return await WriteAsync(draft, known, cancel).ConfigureAwait(false);
        }
        // Under which settings something was done comes before it.
        var watch = new AuditDraft(AuditEvent.Noted, ConfigurationWatch.Verb) { PlanDigest = digest, Outcome = "ConfigurationChanged" };
        var head = await WriteAsync(watch, null, cancel).ConfigureAwait(false);
        ConfigurationWatch.Remember(_installation, digest);
        return draft.Verb == ConfigurationWatch.Verb ? head : await WriteAsync(draft, null, cancel).ConfigureAwait(false);
    }

    private async ValueTask<ChainHead> WriteAsync(AuditDraft draft, ChainHead? known, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var head = attempt == 1 && known?.Writer == Writer ? known : await HeadAsync(cancel).ConfigureAwait(false);
            var record = new AuditRecord
            {
                Reserve = _installation.Reserve, Writer = Writer, Sequence = (head?.Sequence ?? 0) + 1, Previous = head?.Hash ?? default, TimeNs = _installation.NowNs, Event = draft.Event,
                Verb = draft.Verb, Actor = _installation.Caller.Actor, PlanDigest = draft.PlanDigest, Subjects = [.. draft.Subjects.Distinct().Order()], Request = draft.Request, Approvals = draft.Approvals, Outcome = draft.Outcome,
            };
            var bytes = record.ToBytes(_signer);
            // What is refused because it stands there already is written: its answer was lost, and a second record would tell of a second deed.
            if (await _installation.Store.PutAsync(record.ObjectName, bytes, cancel).ConfigureAwait(false)
                || (await _installation.Store.ReadAllAsync(record.ObjectName, cancel).ConfigureAwait(false)).AsSpan().SequenceEqual(bytes))
            {
                var written = new ChainHead(Writer, record.Sequence, PointRecord.HashOf(bytes));
                Remember(written);
                return written;
            }
            if (attempt == Tries)
            {
                throw new StingException("WriterInUse", FailureKind.Busy, $"Another process writes the audit chain of {Writer} all the time.", record.ObjectName,
                    "Never copy a host's state folder to another host; enrol each host by itself.");
            }
        }
    }

    /// <summary>Refuses where the chain is not what this host wrote.</summary>
    /// <exception cref="StingException"><c>AuditChainBroken</c></exception>
    public async ValueTask CheckAsync(CancellationToken cancel) => await HeadAsync(cancel).ConfigureAwait(false);

    /// <summary>
    /// The chain's head in the store, checked against what this host remembers. Other processes of this host may add records meanwhile: what is remembered is read before the store is listed, which
    /// then holds at least that, and a listing with a gap counts only when the next one is the same.
    /// </summary>
    private async ValueTask<ChainHead?> HeadAsync(CancellationToken cancel)
    {
        var known = Remembered(_installation, Writer);
        ChainHead? head = null;
        var listed = await ListAsync(cancel).ConfigureAwait(false);
        while (listed.Last is { } last)
        {
            head = await ReadHeadAsync(_installation, last, cancel).ConfigureAwait(false) ?? throw Broken(last, $"'{last}', the last record of this host's audit chain, is not signed by it");
            if (head.Sequence == listed.Count)
            {
                break;
            }
            var again = await ListAsync(cancel).ConfigureAwait(false);
            if (again == listed)
            {
                throw Broken(last, $"the audit chain of {Writer} has {listed.Count} records and ends with number {head.Sequence}");
            }
            (listed, head) = (again, null);
        }
        if (known is not null && (head is null || known.Sequence > head.Sequence || (known.Sequence == head.Sequence && known.Hash != head.Hash)))
        {
            throw Broken(AuditRecord.NameOf(Writer, known.Sequence), $"this host wrote audit record {known.Sequence}, and the repository {(head is null ? "has none" : $"ends with {head.Sequence}, or has another one")}");
        }
        return head;
    }

    private async ValueTask<(long Count, string? Last)> ListAsync(CancellationToken cancel)
    {
        var (count, last) = (0L, (string?)null);
        await foreach (var item in _installation.Store.ListAsync($"{AuditRecord.Prefix}{Writer}/", cancel).ConfigureAwait(false))
        {
            (count, last) = (count + 1, item.Name);
        }
        return (count, last);
    }

    private static async ValueTask<ChainHead?> ReadHeadAsync(Installation installation, string name, CancellationToken cancel)
    {
        try
        {
            var bytes = await installation.Store.ReadAllAsync(name, cancel).ConfigureAwait(false);
            var record = AuditRecord.Read(name, bytes, installation.Reserve, id => KeyOf(installation, id));
            return new ChainHead(record.Writer, record.Sequence, PointRecord.HashOf(bytes));
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return null;
        }
    }

    private StingException Broken(string name, string why) => new("AuditChainBroken", FailureKind.Integrity, $"Nothing dangerous is done here: {why}.", name,
        $"Run Test-StingBackupIntegrity, and find out who deletes from or writes to the store. Copies of the records put back under their names are accepted. Where they are lost for good, enrol the host anew; the loss stays on record. What this host remembers is in '{PathOf(_installation, Writer)}'.");

    // --- heads, for points and for checks

    /// <summary>
    /// The heads of all chains, for the point that anchors them: those whose last record is validly signed. Of this host's own chain what it remembers counts where it is further, so that a chain
    /// that was cut before the run is not taken for whole.
    /// </summary>
    public static async ValueTask<IReadOnlyList<ChainHead>> HeadsAsync(Installation installation, CancellationToken cancel)
    {
        var last = new SortedDictionary<Id16, string>();
        await foreach (var item in installation.Store.ListAsync(AuditRecord.Prefix, cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) == ObjectKind.Audit && KeyOf(installation, ObjectKinds.RunIn(item.Name).Writer) is not null)
            {
                last[ObjectKinds.RunIn(item.Name).Writer] = item.Name;
            }
        }
        var heads = new SortedDictionary<Id16, ChainHead>();
        foreach (var name in last.Values)
        {
            if (await ReadHeadAsync(installation, name, cancel).ConfigureAwait(false) is { } head)
            {
                heads[head.Writer] = head;
            }
        }
        foreach (var known in AllRemembered(installation))
        {
            if (!heads.TryGetValue(known.Writer, out var head) || head.Sequence < known.Sequence)
            {
                heads[known.Writer] = known;
            }
        }
        return [.. heads.Values];
    }

    /// <summary>Heads that this host wrote.</summary>
    public static IEnumerable<ChainHead> AllRemembered(Installation installation)
    {
        var folder = FolderOf(installation);
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.head") : [];
        foreach (var path in files.Order(StringComparer.Ordinal))
        {
            if (Id16.TryParse(Path.GetFileNameWithoutExtension(path), out var writer) && Remembered(installation, writer) is { } head)
            {
                yield return head;
            }
        }
    }

    private static string FolderOf(Installation installation) => Path.Combine(installation.StateFolder, "audit", installation.Reserve.ToString());

    private static string PathOf(Installation installation, Id16 writer) => Path.Combine(FolderOf(installation), $"{writer}.head");

    private static ChainHead? Remembered(Installation installation, Id16 writer)
    {
        try
        {
            var words = File.ReadAllText(PathOf(installation, writer)).Split(' ', '\n');
            return long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && words.Length > 1 && Id32.TryParse(words[1], out var hash)
                ? new ChainHead(writer, sequence, hash) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Best effort: the record is written, and the chain is checked against it the next time.</summary>
    private void Remember(ChainHead head)
    {
        try
        {
            Directory.CreateDirectory(FolderOf(_installation));
            Durable.WriteFile(PathOf(_installation, Writer), Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head.Sequence} {head.Hash}\n")), replace: true,
                UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Points anchor the chain all the same.
        }
    }
}

/// <summary>What goes into an audit record besides what the chain itself knows.</summary>
internal sealed record AuditDraft(AuditEvent Event, string Verb)
{
    /// <summary>What the plan touches.</summary>
    public IReadOnlyList<Id16> Subjects { get; init; } = [];
    /// <summary>The plan's digest.</summary>
    public Id32 PlanDigest { get; init; }
    /// <summary>The request.</summary>
    public Id16 Request { get; init; }
    /// <summary>The approvals.</summary>
    public IReadOnlyList<GuardApproval> Approvals { get; init; } = [];
    /// <summary>How it ended.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>A record about a request.</summary>
    public static AuditDraft Of(AuditEvent what, GuardRequest request, string outcome = "") =>
        new(what, request.Plan.Verb) { Subjects = request.Plan.Subjects, PlanDigest = request.Plan.Digest, Request = request.Id, Outcome = outcome };
}
