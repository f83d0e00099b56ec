using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Targets.Vault;

/// <summary>
/// A KV v2 mount as the place where a restore writes: a file is a secret (its content must be <see cref="SecretContent"/>), folders come by themselves. Values are written by
/// check-and-set, against the version that the conflict rule judged, so that a value that somebody writes meanwhile is never overwritten. Versions before the newest stay as the
/// server keeps them; a deleted secret gets a new version.
/// </summary>
/// <remarks>
/// Needs <c>list</c>, <c>read</c>, <c>create</c> and <c>update</c> on <c>&lt;mount&gt;/metadata/&lt;prefix&gt;/*</c> and <c>read</c>, <c>create</c> and <c>update</c> on <c>&lt;mount&gt;/data/&lt;prefix&gt;/*</c>.
/// Memory: each file being restored is held whole, about three times its length.
/// </remarks>
public sealed class VaultRestoreTarget : IRestoreTarget
{
    private readonly VaultKv _kv;
    private readonly CancellationToken _cancel;
    private readonly ConcurrentDictionary<EntryPath, long> _judged = new();
    private VaultClient? _owned;
    private EntryPath? _prefix;

    /// <summary>Makes a target; nothing is sent yet.</summary>
    /// <param name="kv">The mount; the caller disposes its client.</param>
    /// <param name="cancel">Ends what is under way; a value is then written or not, never in part.</param>
    public VaultRestoreTarget(VaultKv kv, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(kv);
        _kv = kv;
        _cancel = cancel;
    }

    /// <summary>Makes a target that takes the client over: disposing the one ends the other.</summary>
    /// <param name="client">Reaches the server.</param>
    /// <param name="mount">Where the engine is mounted.</param>
    /// <param name="prefix">The folder of the mount that is restored into; empty for all of it. A policy gives rights on what lies below, and none on the folder itself.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="keys">What seals again the uploads that STING had sealed; taken over. Null for none.</param>
    /// <param name="cancel">Ends what is under way.</param>
    internal static VaultRestoreTarget OfClient(VaultClient client, string mount, string prefix, TimeProvider clock, MasterKeys? keys, CancellationToken cancel) =>
        new(new VaultKv(client, mount, clock), cancel) { _owned = client, _prefix = prefix.Trim('/') is { Length: > 0 } folder ? EntryPath.FromBytes(System.Text.Encoding.UTF8.GetBytes(folder)) : null, Keys = keys };

    /// <summary>What seals again the uploads that STING had sealed; taken over.</summary>
    internal MasterKeys? Keys { get; init; }

    /// <inheritdoc/>
    public string Location => _kv.Location;

    /// <summary>The secret, or the folder, at a path. A secret whose newest version is deleted or destroyed does not stand there.</summary>
    public SourceEntry? Find(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.IsRoot || _prefix?.IsWithin(path) == true)
        {
            return new SourceEntry(path, ItemKind.Directory, default, new ItemMetadata());
        }
        var secret = VaultPaths.ToSecretPath(path);
        if (Wait(_kv.ReadMetadataAsync(secret, _cancel)) is { Current.State: KvState.Live } metadata)
        {
            _judged[path] = metadata.CurrentVersion;
            return new SourceEntry(path, ItemKind.File, SecretFacts.StampOf(metadata), SecretFacts.MetadataOf(metadata));
        }
        return Wait(_kv.ListAsync(secret, _cancel)) is null ? null : new SourceEntry(path, ItemKind.Directory, default, new ItemMetadata());
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Metadata;
    }

    /// <summary>Custom metadata and settings; a server sets times and version numbers itself.</summary>
    public ItemMetadata Holdable(EntryPath path, ItemMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return SecretFacts.Settable(metadata);
    }

    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var path = VaultPaths.ToSecretPath(entry.Path);
        using var secret = Wait(_kv.ReadAsync(path, SecretFacts.VersionOf(entry.Metadata), _cancel));
        return secret is { Version.State: KvState.Live } ? new VaultSourceFile(SecretContent.EncodeValueOf(secret, SealedOpener.Of(Keys, path)), entry.Stamp)
            : throw SourceErrors.Vanished(Location, entry.Path, "it was deleted");
    }

    /// <summary>Nothing to do: a folder is there as long as something is in it.</summary>
    public void CreateDirectory(EntryPath path)
    {
    }

    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        ArgumentNullException.ThrowIfNull(path);
        return length <= Array.MaxLength ? new VaultRestoreFile(this, path, (int)length)
            : throw Unfit(path, "it is longer than any value a Vault takes");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) =>
        kind == ItemKind.Socket ? [] : throw Unfit(path, $"it is a {kind}");

    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => throw Unfit(path, "it is a hard link");

    /// <inheritdoc/>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        return kind == ItemKind.File ? SetMetadata(path, metadata, isNew: false) : [];
    }

    /// <summary>Nothing to do: nothing is ever half written.</summary>
    public void CleanUp(EntryPath directory)
    {
    }

    /// <summary>Nothing to do: what a server has answered is durable there.</summary>
    public void Flush()
    {
    }

    /// <summary>Ends a client that was taken over.</summary>
    public void Dispose()
    {
        _owned?.Dispose();
        Keys?.Dispose();
    }

    /// <summary>Writes a value and its metadata.</summary>
    internal IReadOnlyList<string> Place(EntryPath path, ReadOnlyMemory<byte> content, ItemMetadata metadata, bool replace)
    {
        var value = SecretContent.Decode(content, path.ToString(), Keys);
        var secret = VaultPaths.ToSecretPath(path);
        var standing = Wait(_kv.ReadMetadataAsync(secret, _cancel));
        if (standing is { Current.State: KvState.Live } && !replace)
        {
            throw Conflict(path, "it may not be replaced");
        }
        // The same value may be kept open or as it is, so that unequal content is no proof of an unequal value.
        if (standing is { Current.State: KvState.Live } && (Keys is not null || SecretContent.IsSealedAgain(content.Span)) && IsWrittenAlready(secret, standing.CurrentVersion, value))
        {
            return SetMetadata(path, metadata, isNew: false);
        }
        // What the conflict rule judged is what may be overwritten; where nothing stood, nothing may stand now but what is deleted.
        var cas = _judged.TryRemove(path, out var judged) && replace ? judged : standing?.CurrentVersion ?? 0;
        if (Wait(_kv.WriteAsync(secret, value, cas, _cancel)) is null && !IsWrittenAlready(secret, cas + 1, value))
        {
            throw Conflict(path, "somebody wrote it while it was being restored");
        }
        return SetMetadata(path, metadata, isNew: standing is null);
    }

    /// <summary>A write whose answer was lost is repeated, and then does not match what it made itself.</summary>
    private bool IsWrittenAlready(string secret, long version, ReadOnlyMemory<byte> value)
    {
        using var standing = Wait(_kv.ReadAsync(secret, null, _cancel));
        return standing is { Version.State: KvState.Live } && standing.Version.Number == version && CanonicalJson.ToBytes(standing.Data).AsSpan().SequenceEqual(value.Span);
    }

    /// <summary>The value is there by now, so a metadata that cannot be set is told, and the item is restored all the same.</summary>
    private IReadOnlyList<string> SetMetadata(EntryPath path, ItemMetadata metadata, bool isNew)
    {
        var (custom, settings) = SecretFacts.Read(metadata, path.ToString());
        if (isNew && custom.Count == 0 && settings.IsDefault)
        {
            return [];
        }
        try
        {
            Wait(SetMetadataAsync(VaultPaths.ToSecretPath(path), custom, settings));
            return [];
        }
        catch (StingException e) when (e.ErrorId is "VaultDenied" or "VaultRequestRefused")
        {
            return [$"the secret's custom metadata and settings could not be set: {e.Message.TrimEnd('.')}. {e.Remedy.TrimEnd('.')}"];
        }
    }

    private async Task<bool> SetMetadataAsync(string secret, IReadOnlyList<KeyValuePair<string, string>> custom, KvSettings settings)
    {
        var standing = await _kv.ReadMetadataAsync(secret, _cancel).ConfigureAwait(false);
        var change = new KvMetadataChange
        {
            CustomMetadata = standing is not null && standing.CustomMetadata.SequenceEqual(custom) ? null : custom,
            Settings = standing is not null && Same(standing.Settings, settings) ? null : settings,
        };
        if (change.CustomMetadata is not null || change.Settings is not null)
        {
            await _kv.WriteMetadataAsync(secret, change, _cancel).ConfigureAwait(false);
        }
        return true;
    }

    private static bool Same(KvSettings a, KvSettings b) => a == b || (a.IsDefault && b.IsDefault);

    private StingException Conflict(EntryPath path, string why) => new("RestoreConflict", FailureKind.AlreadyExists,
        $"'{Location}/{path}' cannot be restored over what stands there: {why}.", $"{Location}/{path}",
        "Look at the newer value; then run the restore again, with -ConflictAction Overwrite to replace it or Rename to keep both.");

    private StingException Unfit(EntryPath path, string why) => new("RestoreItemFailed", FailureKind.NotSupported,
        $"'{path}' cannot be restored to {Location}: {why}, and a Vault holds secrets alone.", path.ToString(), "Restore it to a folder.");

    /// <summary>A restore's workers are threads of their own.</summary>
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
