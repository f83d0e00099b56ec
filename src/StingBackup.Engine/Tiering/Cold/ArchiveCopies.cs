using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>Copies objects that are no packs, byte for byte and under their own names.</summary>
internal sealed class ArchiveCopies(Installation installation, IObjectStore source, IObjectStore archive, JobOutput output)
{
    /// <summary>What stands before any point: who may sign, whose data there is, who was erased, who did what.</summary>
    public static IReadOnlyList<string> BeforePacks { get; } = ["format/", "writers/", "approvers/", "subjects/", "ledger/", "audit/", "config/"];

    /// <summary>Objects copied or removed.</summary>
    public long Count { get; private set; }

    /// <summary>Copies what the archive lacks of a folder. What stands there under the same name with another length is told and left alone.</summary>
    public async ValueTask CopyAsync(string prefix, CancellationToken cancel)
    {
        output.Progress.Status = prefix;
        var there = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var item in archive.ListAsync(prefix, cancel).ConfigureAwait(false))
        {
            there.Add(item.Name, item.Length);
        }
        await foreach (var item in source.ListAsync(prefix, cancel).ConfigureAwait(false))
        {
            if (!there.Remove(item.Name, out var length))
            {
                await CopyOneAsync(item.Name, cancel).ConfigureAwait(false);
            }
            else if (length != item.Length)
            {
                output.Failed(Failures.Damaged(item.Name, FormattableString.Invariant($"it has {length} bytes in {archive.Location} and {item.Length} in {source.Location}")));
            }
        }
        if (prefix == "subjects/")
        {
            await ForgetAsync(there.Keys, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Copies one object; false, and told, when it cannot be read or is damaged: the next run copies it.</summary>
    public async ValueTask<bool> CopyOneAsync(string name, CancellationToken cancel)
    {
        byte[] bytes;
        try
        {
            bytes = await source.ReadAllAsync(name, cancel).ConfigureAwait(false);
            TierObjects.Prove(name, bytes, installation);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            output.Failed(e);
            return false;
        }
        if (await archive.PutAsync(name, bytes, cancel).ConfigureAwait(false))
        {
            Count++;
        }
        return true;
    }

    /// <summary>The claim of an erased subject goes here too.</summary>
    private async ValueTask ForgetAsync(IEnumerable<string> only, CancellationToken cancel)
    {
        foreach (var name in only)
        {
            if (ObjectKinds.Of(name) == ObjectKind.Claim && installation.Ledger.FindTag(ObjectKinds.TagIn(name)) is not null && await archive.DeleteAsync(name, cancel).ConfigureAwait(false))
            {
                Count++;
            }
        }
    }
}
