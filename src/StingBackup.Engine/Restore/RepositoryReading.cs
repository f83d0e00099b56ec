using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Restore;

/// <summary>A repository opened for reading: points and index, and what finds things in them. Without keys it tells only what is in the clear.</summary>
internal sealed class RepositoryReading : IDisposable
{
    private readonly ColdPlaces? _cold;

    public RepositoryReading(Installation installation, RepositoryView view, ISubjectReader? keys, CopiesRead? copies = null)
    {
        View = view;
        Copies = copies ?? new CopiesRead(installation);
        Finder = new PointFinder(view, installation.Zone, installation.Clock.GetUtcNow() - installation.PhysicalRetention);
        _cold = ColdPlaces.Of(installation);
        Reader = new ChunkReader(installation.Reading, view.Index, installation.Reserve, keys)
        {
            Copies = Copies.Others.Any ? Copies.Others.OpenAsync : null, CameFrom = Copies.Note, Recovered = installation.Store.Parity is null ? null : Copies.RecoverAsync, FurtherPlaces = _cold is null ? null : _cold.FindAsync,
        };
        Walker = new TreeWalker(Reader);
        Subjects = new SubjectDirectory(installation, Reader);
        Resolver = new SubjectResolver(installation, Subjects, new CapturedPeople(installation, Finder, Subjects, Walker, Reader));
    }

    public RepositoryView View { get; }
    /// <summary>What came from other tiers, or from parity.</summary>
    public CopiesRead Copies { get; }
    public PointFinder Finder { get; }
    public ChunkReader Reader { get; }
    public TreeWalker Walker { get; }
    public SubjectDirectory Subjects { get; }
    public SubjectResolver Resolver { get; }

    /// <summary>Opens a repository with keys, to restore.</summary>
    /// <exception cref="StingException"><c>LedgerShort</c></exception>
    public static async ValueTask<RepositoryReading> OpenAsync(Installation installation, CancellationToken cancel)
    {
        var copies = new CopiesRead(installation);
        var view = await installation.LoadViewAsync(copies.Reader, cancel).ConfigureAwait(false);
        installation.Ledger.Require(view.Backups);
        return new RepositoryReading(installation, view, await installation.UnlockAsync(cancel).ConfigureAwait(false), copies);
    }

    public void Dispose()
    {
        Reader.Dispose();
        _cold?.Dispose();
    }
}
