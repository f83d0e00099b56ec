using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The write side of the keys on one host: finds claims, and claims spares for subjects that have none. Safe to use from many threads. While it claims it holds
/// the host's spares, until it is disposed.
/// </summary>
public sealed class SubjectWriter : ISubjectWriter, IAsyncDisposable
{
    private readonly KeyEnvironment _environment;
    private readonly HostKeys _host;
    private readonly string _folder;
    private readonly IObjectStore _store;
    private readonly ClaimReader _claims;
    private readonly ClaimCache _cache;
    private readonly SpareMint? _mint;
    private readonly Func<string, IEnumerable<string>>? _aliasesOf;
    private readonly ErasureLedger _ledger;
    private readonly ConcurrentDictionary<Id16, SubjectWriteKeys> _known = new();
    /// <summary>Claims that were read ahead and not asked for yet.</summary>
    private readonly ConcurrentDictionary<Id16, byte[]> _ahead = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private SpareShelf? _shelf;
    /// <summary>Claims that stood when the shelf was taken. Of any other it is not asked whether it stands: to create it tells.</summary>
    private HashSet<Id16>? _listed;
    private bool _disposed;

    internal SubjectWriter(
        KeyEnvironment environment, HostKeys host, string folder, IObjectStore store, ClaimReader claims, SpareMint? mint, Func<string, IEnumerable<string>>? aliasesOf,
        ErasureLedger ledger)
    {
        _environment = environment;
        _host = host;
        _folder = folder;
        _store = store;
        _claims = claims;
        _cache = new ClaimCache(environment, host, folder);
        _mint = mint;
        _aliasesOf = aliasesOf;
        _ledger = ledger;
        foreach (var entry in ledger.Entries)
        {
            _cache.Forget(entry.Tag);
        }
    }

    /// <summary>Suite that new subjects should be of.</summary>
    internal KemSuite Suite { get; init; } = KemSuite.P256;

    /// <summary>How many spares this host keeps.</summary>
    internal int Target { get; init; } = KeySuiteSettings.Spares.Default;

    /// <summary>How many spares this host has left.</summary>
    public SpareState Spares => new(_shelf?.Free ?? SpareShelf.Glance(_environment, _host, _folder, Suite).Free, Target, _mint is not null);

    /// <inheritdoc/>
    public Id16 TagOf(string canonicalName) => SubjectTags.Compute(_host.DirectoryKey.Span, canonicalName);

    /// <inheritdoc/>
    public async ValueTask<SubjectWriteKeys> GetAsync(string canonicalName, CancellationToken cancel)
    {
        var tag = TagOf(canonicalName);
        if (_known.TryGetValue(tag, out var keys))
        {
            return keys;
        }
        if (_ledger.FindTag(tag) is { } erased)
        {
            throw Erased(canonicalName, erased);
        }
        if (await TryFindAsync(canonicalName, tag, cancel).ConfigureAwait(false) is { } found)
        {
            return found;
        }
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_known.ContainsKey(tag))
            {
                await ClaimAsync([(canonicalName, tag)], cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
        return _known.TryGetValue(tag, out keys) ? keys
            : _shelf?.ClaimedTags.Contains(tag) == true ? throw ClaimMissing(canonicalName, KeyObjectNames.Claim(tag))
            : throw NoSpareLeft(canonicalName);
    }

    /// <summary>
    /// Finds or claims many subjects at once: one durable step for all of them instead of two for each. A subject that fails is passed over here;
    /// <see cref="GetAsync"/> says why.
    /// </summary>
    public async ValueTask PrepareAsync(IReadOnlyCollection<string> canonicalNames, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(canonicalNames);
        var missing = new ConcurrentBag<(string Name, Id16 Tag)>();
        await Parallel.ForEachAsync(canonicalNames.Distinct(StringComparer.Ordinal), cancel, async (name, stop) =>
        {
            var tag = TagOf(name);
            try
            {
                if (!_known.ContainsKey(tag) && _ledger.FindTag(tag) is null && await TryFindAsync(name, tag, stop).ConfigureAwait(false) is null)
                {
                    missing.Add((name, tag));
                }
            }
            catch (StingException failure) when (IsOfOneSubject(failure))
            {
                // Told when the subject itself is asked for.
            }
        }).ConfigureAwait(false);
        if (missing.IsEmpty)
        {
            return;
        }
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            await ClaimAsync([.. missing.Where(subject => !_known.ContainsKey(subject.Tag)).OrderBy(subject => subject.Tag)], cancel).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads the claims of all subjects that this host knows, several at once. A scan asks for one behind the other, and where each is a request that makes a run as slow as there are subjects.</summary>
    internal ValueTask ReadAheadAsync(int streams, CancellationToken cancel) => new(Parallel.ForEachAsync(_cache.Tags.Where(tag => !_known.ContainsKey(tag)), new ParallelOptions { MaxDegreeOfParallelism = streams, CancellationToken = cancel }, async (tag, stop) =>
    {
        try
        {
            if (await ClaimReader.ReadBytesAsync(_store, KeyObjectNames.Claim(tag), stop).ConfigureAwait(false) is { } bytes)
            {
                _ahead[tag] = bytes;
            }
        }
        catch (StingException)
        {
            // Read again, and told, when the subject itself is asked for.
        }
    }));

    /// <summary>How many of some subjects would need a spare: those without a claim that are not erased.</summary>
    internal async ValueTask<int> CountUnclaimedAsync(IReadOnlyCollection<string> canonicalNames, CancellationToken cancel)
    {
        var count = 0;
        await Parallel.ForEachAsync(canonicalNames.Select(TagOf).Distinct(), cancel, async (tag, stop) =>
        {
            if (!_known.ContainsKey(tag) && _ledger.FindTag(tag) is null && await _store.GetLengthAsync(KeyObjectNames.Claim(tag), stop).ConfigureAwait(false) is null)
            {
                Interlocked.Increment(ref count);
            }
        }).ConfigureAwait(false);
        return count;
    }

    /// <summary>Forgets the writer secrets that this host keeps of subjects.</summary>
    internal void Forget(IEnumerable<Id16> tags)
    {
        foreach (var tag in tags)
        {
            _known.TryRemove(tag, out _);
            _cache.Forget(tag);
        }
        _cache.Save();
    }

    /// <summary>Notes what was claimed and lets the host's spares go.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        _shelf?.Dispose();
        _shelf = null;
        if (!_disposed)
        {
            _cache.Save();
            _cache.Dispose();
        }
        _disposed = true;
        _gate.Release();
    }

    private async ValueTask<SubjectWriteKeys?> TryFindAsync(string name, Id16 tag, CancellationToken cancel) =>
        _listed?.Contains(tag) != false && (_ahead.TryRemove(tag, out var ahead) ? ahead : await ClaimReader.ReadBytesAsync(_store, KeyObjectNames.Claim(tag), cancel).ConfigureAwait(false)) is { } bytes
            ? _known.GetOrAdd(tag, _cache.Find(tag, bytes, name) ?? Learn(name, tag, _claims.Check(tag, bytes), bytes))
            : null;

    private SubjectWriteKeys Learn(string name, Id16 tag, SubjectClaim claim, byte[] bytes)
    {
        using var secret = _claims.OpenSecret(claim, name);
        _cache.Add(tag, bytes, claim.Key, secret.Span);
        return ClaimReader.WriteKeys(name, claim.Key, secret);
    }

    /// <summary>
    /// Set spares aside (durably) → create the claims → see whose claim stands. A crash or failure in between leaves each spare set aside for its own tag.
    /// </summary>
    private async ValueTask ClaimAsync(IReadOnlyList<(string Name, Id16 Tag)> wanted, CancellationToken cancel)
    {
        var shelf = _shelf ??= await TakeShelfAsync(cancel).ConfigureAwait(false);
        // A tag that was claimed before, and whose claim is gone, is not claimed again: its subject would have two keys, and its past be lost to it.
        var subjects = wanted.Where(subject => !shelf.ClaimedTags.Contains(subject.Tag)).ToList();
        // One that stands all the same was made by another host between the look for it and the listing.
        foreach (var (name, tag) in wanted.Where(subject => shelf.ClaimedTags.Contains(subject.Tag)))
        {
            try
            {
                await TryFindAsync(name, tag, cancel).ConfigureAwait(false);
            }
            catch (StingException failure) when (wanted.Count > 1 && IsOfOneSubject(failure))
            {
                // Told when the subject itself is asked for.
            }
        }
        if (_mint is not null && shelf.Free < Math.Max(subjects.Count, Target / 5))
        {
            shelf.Add(await _mint(Target + subjects.Count - shelf.Free, cancel).ConfigureAwait(false));
        }
        var names = subjects.ToDictionary(subject => subject.Tag, subject => subject.Name);
        var attempts = shelf.Reserve([.. names.Keys]).Select(taken => new Attempt(names[taken.Tag], taken.Tag, taken.Spare)).ToList();
        await CreateAsync(attempts, cancel).ConfigureAwait(false);
        foreach (var attempt in attempts)
        {
            try
            {
                await SettleAsync(shelf, attempt, cancel).ConfigureAwait(false);
            }
            catch (StingException failure) when (attempts.Count > 1 && IsOfOneSubject(failure))
            {
                // Told when the subject itself is asked for.
            }
        }
    }

    private async ValueTask CreateAsync(List<Attempt> attempts, CancellationToken cancel)
    {
        if (attempts is [var single])
        {
            single.Created = await _store.PutAsync(KeyObjectNames.Claim(single.Tag), single.Claim = ClaimBytes(single), cancel).ConfigureAwait(false);
            return;
        }
        foreach (var attempt in attempts)
        {
            await _store.StageAsync(KeyObjectNames.Claim(attempt.Tag), ClaimBytes(attempt), cancel).ConfigureAwait(false);
        }
        await _store.BarrierAsync(cancel).ConfigureAwait(false);
    }

    private byte[] ClaimBytes(Attempt attempt)
    {
        IReadOnlyList<Id16> aliases = _aliasesOf is null ? [] : [.. _aliasesOf(attempt.Name).Select(TagOf).Where(tag => tag != attempt.Tag).Distinct()];
        return _claims.Make(attempt.Tag, attempt.Spare.Key, attempt.Spare.WriterSecret, aliases, _environment.NowNs).ToBytes(_host.SigningKey);
    }

    /// <summary>
    /// Whose claim stands: ours when it was created just now, else whatever is read back. That may still be ours: a store that retried answers "exists" to its own first try.
    /// </summary>
    private async ValueTask SettleAsync(SpareShelf shelf, Attempt attempt, CancellationToken cancel)
    {
        if (attempt.Created)
        {
            shelf.Settle(attempt.Tag, attempt.Spare, claimed: true);
            _cache.Add(attempt.Tag, attempt.Claim, attempt.Spare.Key, attempt.Spare.WriterSecret.Span);
            _known.TryAdd(attempt.Tag, ClaimReader.WriteKeys(attempt.Name, attempt.Spare.Key, attempt.Spare.WriterSecret));
            return;
        }
        var bytes = await ClaimReader.ReadBytesAsync(_store, KeyObjectNames.Claim(attempt.Tag), cancel).ConfigureAwait(false)
            ?? throw ClaimMissing(attempt.Name, KeyObjectNames.Claim(attempt.Tag));
        var claim = _claims.Check(attempt.Tag, bytes);
        shelf.Settle(attempt.Tag, attempt.Spare, claimed: claim.Key.Pseudonym == attempt.Spare.Key.Pseudonym);
        _known.TryAdd(attempt.Tag, Learn(attempt.Name, attempt.Tag, claim, bytes));
    }

    /// <summary>
    /// Takes the spares, and notes every claim in the repository that this host does not know of: another host's, or its own from before its state was rolled back
    /// (a restored disk or machine), whose spares would else be used again.
    /// </summary>
    private async ValueTask<SpareShelf> TakeShelfAsync(CancellationToken cancel)
    {
        var shelf = await SpareShelf.OpenAsync(_environment, _host, _folder, cancel, Suite).ConfigureAwait(false);
        try
        {
            var unknown = new List<(Id16 Tag, Id16 Pseudonym)>();
            var listed = new HashSet<Id16>();
            await foreach (var found in _store.ListAsync(KeyObjectNames.ClaimPrefix, cancel).ConfigureAwait(false))
            {
                if (Id16.TryParse(found.Name[KeyObjectNames.ClaimPrefix.Length..], out var tag) && listed.Add(tag) && !shelf.ClaimedTags.Contains(tag)
                    && await PseudonymOfAsync(tag, cancel).ConfigureAwait(false) is { } pseudonym)
                {
                    unknown.Add((tag, pseudonym));
                }
            }
            shelf.Note(unknown);
            _listed = listed;
            return shelf;
        }
        catch
        {
            shelf.Dispose();
            throw;
        }
    }

    private async ValueTask<Id16?> PseudonymOfAsync(Id16 tag, CancellationToken cancel)
    {
        try
        {
            return (await _claims.ReadAsync(_store, tag, cancel).ConfigureAwait(false))?.Key.Pseudonym;
        }
        catch (StingException failure) when (IsOfOneSubject(failure))
        {
            return null;
        }
    }

    private static StingException Erased(string name, LedgerEntry entry) => new(
        "SubjectErased", FailureKind.Refused,
        $"'{name}' was erased on {Display.Time(entry.Time)} (entry {entry.Sequence} of the ledger): nothing of it is backed up again.", name,
        "Remove what is left of it from the sources. A person who comes back needs a new account.");

    private StingException NoSpareLeft(string name) => new(
        "NoSpareLeft", FailureKind.ResourceExhausted,
        $"No spare key is left on this host for the new subject '{name}'{(_shelf?.Damage is { } damage ? $": {damage.Message}" : ".")} Its items are not backed up.", name,
        "Run Repair-StingRepository with the key file's passphrase: it mints new spares. For a host without the key directory, Register-StingHost -TopUp on the key role's machine does.", _shelf?.Damage);

    private StingException ClaimMissing(string name, string objectName) => new(
        "ClaimMissing", FailureKind.Integrity, $"Claim '{objectName}' of subject '{name}' was made, and is not in {_store.Location} any more.", name,
        "Run Repair-StingRepository with the key file's passphrase: it rebuilds claims from restore points.");

    private static bool IsOfOneSubject(StingException failure) =>
        failure.ErrorId is "ClaimDamaged" or "ClaimNotReadable" or "ClaimMissing" or "SuiteUnknown" or "FormatTooNew" or "ObjectDamaged";

    private sealed record Attempt(string Name, Id16 Tag, Spare Spare)
    {
        public bool Created { get; set; }
        public byte[] Claim { get; set; } = [];
    }
}

/// <summary>Mints spares for this host where the key file is open.</summary>
internal delegate ValueTask<IReadOnlyList<Spare>> SpareMint(int count, CancellationToken cancel);
