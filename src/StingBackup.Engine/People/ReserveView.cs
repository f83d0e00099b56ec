using System.IO.Hashing;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.People;

/// <summary>The reserve as it was when somebody looked: an installation opened anew, its points and index, and the keys unlocked. Everything that is made of it goes before it does.</summary>
internal sealed class ReserveView : IAsyncDisposable
{
    // What tells that something is there to be read anew: points, where their chunks are, what retention let go, who was erased.
    private static readonly string[] Watched = ["points/", "index/", "drops/", "ledger/"];

    private ReserveView(Installation installation, RepositoryView view, ISubjectReader keys, string stamp) => (Installation, View, Keys, Stamp) = (installation, view, keys, stamp);

    public Installation Installation { get; }
    public RepositoryView View { get; }
    public ISubjectReader Keys { get; }
    /// <summary>Stands for the names that the store lists.</summary>
    public string Stamp { get; }

    /// <summary>Opens a reserve.</summary>
    /// <exception cref="StingException"><c>LedgerShort</c>, and as opening an installation</exception>
    public static async ValueTask<ReserveView> OpenAsync(Func<CancellationToken, ValueTask<Installation>> open, CancellationToken cancel)
    {
        var installation = await open(cancel).ConfigureAwait(false);
        try
        {
            // Before anything is read: what comes while it is read shows at the next look.
            var stamp = await StampAsync(installation.Store, cancel).ConfigureAwait(false);
            var view = await installation.LoadViewAsync(new CopiesRead(installation).Reader, cancel).ConfigureAwait(false);
            installation.Ledger.Require(view.Backups);
            return new ReserveView(installation, view, await installation.UnlockAsync(cancel).ConfigureAwait(false), stamp);
        }
        catch
        {
            await installation.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether the store lists what it listed when this was opened.</summary>
    public async ValueTask<bool> IsCurrentAsync(CancellationToken cancel) =>
        !Installation.IsLocalTierLost && await StampAsync(Installation.Store, cancel).ConfigureAwait(false) == Stamp;

    /// <summary>Which pseudonyms some canonical names have now: those that are claimed and were not erased. Needs no subject's key.</summary>
    public async ValueTask<IReadOnlyDictionary<Id16, string>> ClaimedAsync(IReadOnlyList<string> subjects, CancellationToken cancel)
    {
        using var reading = new RepositoryReading(Installation, View, null);
        var found = new Dictionary<Id16, string>();
        foreach (var subject in subjects)
        {
            if (await reading.Subjects.ClaimedAsync(subject, cancel).ConfigureAwait(false) is { } pseudonym && Installation.Ledger.Find(pseudonym) is null)
            {
                found[pseudonym] = subject;
            }
        }
        return found;
    }

    /// <summary>What the ledger says of a name; null when nobody of that name was erased, or this host cannot know.</summary>
    public LedgerEntry? ErasedAs(string subject) => Installation.Ledger.Entries.Count > 0 && Installation.Host is { } host ? Installation.Ledger.FindTag(host.Subjects.TagOf(subject)) : null;

    public ValueTask DisposeAsync() => Installation.DisposeAsync();

    private static async ValueTask<string> StampAsync(IObjectStore store, CancellationToken cancel)
    {
        var hash = new XxHash128();
        foreach (var prefix in Watched)
        {
            await foreach (var item in store.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                hash.Append(Encoding.UTF8.GetBytes(item.Name + "\n"));
            }
        }
        return Convert.ToHexString(hash.GetCurrentHash());
    }
}
