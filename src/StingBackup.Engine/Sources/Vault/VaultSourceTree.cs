using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// A KV v2 mount as a source: each secret is a file under its own path (<see cref="VaultPaths"/>), each folder a directory; its content is <see cref="SecretContent"/>, its metadata and
/// stamp come of the secret's metadata alone, so that a scan reads no value and an unchanged secret is recognised by its version. The version that a scan found is the one that is read:
/// versions never change, so nothing can change while it is read.
/// </summary>
/// <remarks>Needs <c>list</c> and <c>read</c> on <c>&lt;mount&gt;/metadata/&lt;prefix&gt;/*</c> and <c>read</c> on <c>&lt;mount&gt;/data/&lt;prefix&gt;/*</c>. Memory: a reader holds one secret, about three times its length.</remarks>
public sealed class VaultSourceTree : ISourceTree
{
    private readonly VaultKv _kv;
    private readonly string _prefix;
    private readonly Action<string>? _tell;
    private readonly ConcurrentDictionary<EntryPath, VaultSourceFile> _read = new();
    private readonly ConcurrentDictionary<EntryPath, ItemMetadata> _newer = new();
    private VaultClient? _owned;
    private CancellationToken _cancel;
    private int _toldKey;

    /// <summary>Makes a source; nothing is sent yet.</summary>
    /// <param name="kv">The mount; the caller disposes its client.</param>
    /// <param name="prefix">The folder that is walked; STING keeps uploads in <c>files</c>. Empty for the whole mount. Paths begin at the mount all the same.</param>
    /// <param name="tell">Told once a scan, in words, which secrets had no value.</param>
    public VaultSourceTree(VaultKv kv, string prefix = VaultPaths.Files, Action<string>? tell = null)
    {
        ArgumentNullException.ThrowIfNull(kv);
        ArgumentNullException.ThrowIfNull(prefix);
        _kv = kv;
        _prefix = prefix.Trim('/');
        _tell = tell;
    }

    /// <summary>Makes a source that takes the client over: disposing the one ends the other.</summary>
    internal static VaultSourceTree OfClient(VaultClient client, string mount, string prefix, TimeProvider clock, Action<string>? tell, MasterKeys? keys) =>
        new(new VaultKv(client, mount, clock), prefix, tell) { _owned = client, Keys = keys };

    /// <summary>What opens the uploads that STING sealed; taken over. Null: they are kept as they are.</summary>
    internal MasterKeys? Keys { get; init; }

    /// <inheritdoc/>
    public string Location => _kv.Location;

    /// <summary>What the last scan met, once it has ended; null before.</summary>
    public VaultWalkSummary? LastWalk { get; private set; }

    /// <summary>Walks in path order. What fails for every secret (sealed, out of reach, no valid token, no right to list the prefix) is thrown; what is one secret's goes to <paramref name="failed"/>.</summary>
    /// <exception cref="StingException"><c>VaultSealed</c>, <c>VaultUnreachable</c>, <c>VaultTlsFailed</c>, <c>VaultLoginFailed</c>, <c>VaultMountMissing</c>, <c>VaultDenied</c> on the prefix itself</exception>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(failed);
        _cancel = cancel;   // what ends the scan ends the reading of what it found
        return Walk();

        IEnumerable<SourceEntry> Walk()
        {
            _kv.CheckMountAsync(cancel).GetAwaiter().GetResult();
            using var walk = new VaultWalk(_kv, _prefix, choose, failed, cancel);
            foreach (var entry in walk.Run())
            {
                yield return entry;
            }
            LastWalk = walk.Summary;
            if (LastWalk.Absences is { } absences)
            {
                _tell?.Invoke($"{Location}: {absences}");
            }
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _newer.TryRemove(entry.Path, out var newer) ? newer : entry.Metadata;
    }

    /// <summary>Reads a secret whole. One that is longer than the buffer is kept for the <see cref="Open"/> that follows, so that no value is read twice.</summary>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        var file = (VaultSourceFile)Open(entry);
        stamp = file.Stamp();
        if (file.Length > buffer.Length)
        {
            _read[entry.Path] = file;
            return -1;
        }
        return file.Read(0, buffer);
    }

    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_read.TryRemove(entry.Path, out var kept))
        {
            return kept;
        }
        try
        {
            return ReadAsync(entry).GetAwaiter().GetResult();
        }
        catch (StingException e) when (VaultItems.IsOfOneItem(e))
        {
            throw VaultItems.Unreadable(Location, entry.Path, e);
        }
    }

    /// <summary>Forgets what was read, and ends a client that was taken over.</summary>
    public void Dispose()
    {
        _read.Clear();
        _owned?.Dispose();
        Keys?.Dispose();
    }

    private async Task<VaultSourceFile> ReadAsync(SourceEntry entry)
    {
        var path = VaultPaths.ToSecretPath(entry.Path);
        using (var secret = await _kv.ReadAsync(path, SecretFacts.VersionOf(entry.Metadata), _cancel).ConfigureAwait(false))
        {
            if (secret is { Version.State: KvState.Live })
            {
                return new VaultSourceFile(Encode(secret, path), entry.Stamp);
            }
        }
        // The version went: a newer one has taken its place (a mount that keeps one version only), or the secret was deleted.
        var metadata = await _kv.ReadMetadataAsync(path, _cancel).ConfigureAwait(false);
        if (metadata is { Current.State: KvState.Live } && metadata.CurrentVersion != SecretFacts.VersionOf(entry.Metadata))
        {
            using var secret = await _kv.ReadAsync(path, metadata.CurrentVersion, _cancel).ConfigureAwait(false);
            if (secret is { Version.State: KvState.Live })
            {
                _newer[entry.Path] = SecretFacts.MetadataOf(metadata);
                return new VaultSourceFile(Encode(secret, path), SecretFacts.StampOf(metadata));
            }
        }
        throw SourceErrors.Vanished(Location, entry.Path, "it was deleted");
    }

    private ReadOnlyMemory<byte> Encode(KvSecret secret, string path)
    {
        var opener = SealedOpener.Of(Keys, path);
        var content = SecretContent.EncodeValueOf(secret, opener);
        if (opener?.KeyMissing == true && Interlocked.Exchange(ref _toldKey, 1) == 0)
        {
            _tell?.Invoke($"{Location}/{path}, maybe more, was sealed by STING under a master key that is not configured (configured: {Keys!.Describe()}), and is kept as it is. Name a file with that key in vault.master_key_files too.");
        }
        return content;
    }
}
