using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>What is the same for everybody, and is remembered for all: pages of tables of subjects, and the audit log.</summary>
internal sealed record OwnMemory(RecentCache<Id32, IReadOnlyList<SubjectRow>> Pages, AuditMemory Audit);

/// <summary>
/// A reserve opened for the subjects of one person: the keys are theirs alone, and so is everything that is kept of what was read. Held by whoever reads in it; disposed, with the keys, when the last one lets go.
/// </summary>
internal sealed class OwnReading : IAsyncDisposable
{
    private readonly Leased<ReserveView> _view;
    private readonly OneSubjectReader _keys;
    private const int MostUploads = 2000;

    private readonly OwnMemory _memory;
    private readonly RecentCache<string, OwnUpload> _uploads = new(MostUploads, static _ => 1);

    private OwnReading(Leased<ReserveView> view, Installation installation, IReadOnlyDictionary<Id16, string> own, OneSubjectReader keys, OwnMemory memory)
    {
        (_view, _keys, _memory, Installation, Own) = (view, keys, memory, installation, own);
        Repository = new RepositoryReading(installation, view.Value.View, keys);
        Trees = new OwnTrees(Repository, own, memory.Pages);
    }

    /// <summary>The installation with the person as its caller, and no keys but the person's.</summary>
    public Installation Installation { get; }
    /// <summary>The person's subjects that are in the repository: by pseudonym the canonical name.</summary>
    public IReadOnlyDictionary<Id16, string> Own { get; }
    public RepositoryReading Repository { get; }
    public OwnTrees Trees { get; }
    /// <summary>The state that it reads.</summary>
    public ReserveView View => _view.Value;

    /// <summary>The upload that a file of STING's Vault is; null where it is none. The newest thousands are remembered: to find one by its name all are looked at.</summary>
    public async ValueTask<OwnUpload?> UploadAsync(Id16 pseudonym, EntryPath path, TreeEntry content, CancellationToken cancel)
    {
        if (!path.IsWithin(ReserveMounts.Vault))
        {
            return null;
        }
        var tag = OwnFile.TagOf(pseudonym, content);
        if (_uploads.TryGet(tag, out var known))
        {
            return known;
        }
        var read = await OwnUpload.ReadAsync(Repository.Reader, pseudonym, path, content, cancel).ConfigureAwait(false);
        return read is null ? null : _uploads.GetOrAdd(tag, () => read);
    }

    /// <summary>The audit log, for lists: of what it tells, each is shown what is of the own subjects or own requests alone.</summary>
    public ValueTask<AuditChains> AuditAsync(CancellationToken cancel) => _memory.Audit.ReadAsync(Installation, cancel);

    /// <summary>Opens a reserve for some subjects. It takes the hold of the view over.</summary>
    public static async ValueTask<OwnReading> OpenAsync(Leased<ReserveView> view, Caller caller, IReadOnlyList<string> subjects, OwnMemory memory, CancellationToken cancel)
    {
        try
        {
            var own = await view.Value.ClaimedAsync(subjects, cancel).ConfigureAwait(false);
            var keys = new OneSubjectReader(view.Value.Keys, own.Keys.ToHashSet());
            return new OwnReading(view, view.Value.Installation.As(caller, keys), own, keys, memory);
        }
        catch
        {
            await view.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Repository.Dispose();
        _keys.Dispose();
        await _view.ReleaseAsync().ConfigureAwait(false);
    }
}
