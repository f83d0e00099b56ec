using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keeping;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Retention;

/// <summary>Which parts hold something of a subject that a legal hold keeps. Told from subject tables, which are in the clear: no key is needed.</summary>
internal sealed class HeldParts(Installation installation, RepositoryIndex index) : IDisposable
{
    private readonly ChunkReader _reader = new(installation.Store, index, installation.Reserve, null);
    private readonly Dictionary<Id32, IReadOnlyList<Id16>> _pages = [];
    private readonly List<(Id16 Hold, Id16? Pseudonym)> _holds = [];

    /// <summary>Looks which holds stand, and whom they mean.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>: holds lie in the key directory, and nothing is let go where they cannot be seen.</exception>
    public async ValueTask OpenAsync(CancellationToken cancel)
    {
        if (installation.Keys is not { } keys)
        {
            return;
        }
        if (!keys.HasKeyDirectory)
        {
            throw new StingException("NotAllowedToMaintain", FailureKind.Refused, "This host only writes backups: it sees no legal holds and may let no restore point go.", installation.StateFolder,
                "Run it where the key directory is.");
        }
        foreach (var hold in ErasureJob.Book(installation).Holds.Where(hold => hold.IsActive))
        {
            _holds.Add((hold.Id, await PseudonymAsync(hold.Tag, cancel).ConfigureAwait(false)));
        }
    }

    /// <summary>The hold that keeps a part, for people; null when none does.</summary>
    public string? HeldBy(RetainedPart part)
    {
        if (_holds.Count == 0)
        {
            return null;
        }
        if (_holds.FirstOrDefault(hold => hold.Pseudonym is null) is { Hold.IsZero: false } unknown)
        {
            return $"legal hold {unknown.Hold}";   // of a subject whose claim is missing or damaged: it may be in any part
        }
        if (installation.Contributors is not null && part.Part.Class is DataClass.HoneyJars or DataClass.Metadata or DataClass.Embeddings)
        {
            // A person's or a jar's contributions are subjects of their own, whose names no key-less look can tell: rather too much is kept for a court than too little.
            return $"legal hold {_holds[0].Hold}";
        }
        foreach (var page in part.Part.SubjectPages)
        {
            if (OnPage(page) is [var pseudonym, ..])
            {
                return $"legal hold {_holds.First(hold => hold.Pseudonym == pseudonym).Hold}";
            }
        }
        return null;
    }

    /// <summary>Who of those held stands on a page; pages are shared by many points, and each is read once.</summary>
    private IReadOnlyList<Id16> OnPage(Id32 page)
    {
        if (!_pages.TryGetValue(page, out var found))
        {
            var rows = _reader.ReadSubjectPageAsync(page, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            _pages[page] = found = [.. rows.Select(row => row.Pseudonym).Where(pseudonym => _holds.Exists(hold => hold.Pseudonym == pseudonym))];
        }
        return found;
    }

    private async ValueTask<Id16?> PseudonymAsync(Id16 tag, CancellationToken cancel)
    {
        var name = KeyObjectNames.Claim(tag);
        try
        {
            using var keyRole = new SignatureVerifier(installation.Keys!.KeyRoleKeys.Span);
            return SubjectClaim.Read(name, await Storage.ObjectStoreExtensions.ReadAllAsync(installation.Store, name, cancel).ConfigureAwait(false), installation.Reserve, keyRole, installation.Writers).Key.Pseudonym;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.ErrorId == "ObjectNotFound")
        {
            return null;
        }
    }

    public void Dispose() => _reader.Dispose();
}
