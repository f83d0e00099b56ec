using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// The tables of cold packs that are under way and that no index names yet: one file a pack, durable before the pack is sent. A pack in a storage class for archives cannot be read back to learn what is in
/// it, and is paid for months: so what a run that was killed had stored is known by this, and used.
/// </summary>
internal sealed class ColdJournal
{
    private readonly string _folder;
    private readonly Id16 _reserve;

    private ColdJournal(string folder, Id16 reserve) => (_folder, _reserve) = (folder, reserve);

    /// <summary>Opens the journal of an installation.</summary>
    public static ColdJournal Open(Installation installation)
    {
        var folder = Path.Combine(installation.StateFolder, "tiers", "archive", installation.Reserve.ToString());
        Directory.CreateDirectory(folder);
        return new ColdJournal(folder, installation.Reserve);
    }

    /// <summary>Only one run a host and reserve at a time; backups go on beside it.</summary>
    /// <exception cref="StingException"><c>ArchiveRunning</c>, <c>LockUnusable</c></exception>
    public IDisposable? Lock()
    {
        var path = Path.Combine(_folder, "lock");
        return FileLock.Take(path, () => new StingException("ArchiveRunning", FailureKind.Busy, "Another run that fills the archive tier is at work on this host.", path, "Wait for it, or stop it; the lock ends with its process."));
    }

    /// <summary>Notes a pack that is about to be sent.</summary>
    /// <param name="tables">Its tables.</param>
    /// <param name="sequence">The number under which its host will sign for it.</param>
    public void Add(PackTables tables, long sequence)
    {
        var content = new IndexContent();
        content.Add(tables);
        Durable.WriteFile(PathOf(tables.Pack.Id), IndexFragment.Write(content, _reserve, default, sequence, level: 0, signer: null), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Forgets packs: the index names them now, or they never arrived.</summary>
    public void Remove(IEnumerable<Id32> packs)
    {
        foreach (var pack in packs)
        {
            Durable.Remove(PathOf(pack));
        }
    }

    /// <summary>Whether an earlier run left anything.</summary>
    public bool HasNotes => Directory.EnumerateFiles(_folder, "*.pack").Any();

    /// <summary>What an earlier run left: tables of the packs that did arrive. Notes of those that did not are removed.</summary>
    public async ValueTask<(IndexContent Content, long Sequence)> RecoverAsync(ArchiveIndex archive, CancellationToken cancel)
    {
        var known = archive.Index.Packs.Select(pack => pack.Id).ToHashSet();
        var content = new IndexContent();
        var sequence = 0L;
        foreach (var path in Directory.EnumerateFiles(_folder, "*.pack").Order(StringComparer.Ordinal))
        {
            if (Read(path) is { } fragment && fragment.Packs is [var pack] && !known.Contains(pack.Id) && await archive.Store.GetLengthAsync(pack.Name, cancel).ConfigureAwait(false) == pack.Length)
            {
                sequence = Math.Max(sequence, fragment.Sequence);
                content.Add(new PackTables(pack, fragment.Segments, [.. Enumerable.Range(0, fragment.Count).Select(rank => fragment[rank])]));
            }
            else
            {
                Durable.Remove(path);
            }
        }
        return (content, sequence);
    }

    /// <summary>A note that was cut off by a crash is none: its pack was not sent yet.</summary>
    private IndexFragment? Read(string path)
    {
        try
        {
            return IndexFragment.Read(Path.GetFileName(path), File.ReadAllBytes(path), _reserve, static _ => null);
        }
        catch (StingException)
        {
            return null;
        }
    }

    private string PathOf(Id32 pack) => Path.Combine(_folder, $"{pack}.pack");
}
