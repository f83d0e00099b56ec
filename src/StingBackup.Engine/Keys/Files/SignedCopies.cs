using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>
/// Copies of what the key role signed for the repository, in the key directory under <c>signed/</c> by object name: how they get there in the first place, and
/// how they come back when the repository loses or damages them.
/// </summary>
internal sealed class SignedCopies(IKeyFiles files, KeyOptions options)
{
    private static readonly string[] Prefixes = [KeyObjectNames.FormatPrefix, KeyObjectNames.WriterPrefix, KeyObjectNames.LedgerPrefix, KeyObjectNames.ApproverPrefix];

    private const int MostTries = 4;

    private string Root => Path.Combine(options.KeyDirectory, "signed");

    /// <summary>Paths that copies of objects take.</summary>
    public string PathOf(string objectName) => Path.Combine(Root, Path.Combine(objectName.Split('/')));

    /// <summary>Keeps a copy.</summary>
    public void Keep(string objectName, ReadOnlySpan<byte> bytes)
    {
        var path = PathOf(objectName);
        files.MakeFolder(Path.GetDirectoryName(path)!);
        files.Replace(path, bytes);
    }

    /// <summary>Every copy, by object name; none where this role may not read the key directory.</summary>
    public IEnumerable<(string Name, byte[] Bytes)> All()
    {
        foreach (var prefix in Prefixes)
        {
            foreach (var file in List(Path.Combine(Root, prefix.TrimEnd('/'))))
            {
                var name = prefix + file;
                if (!file.StartsWith('.') && files.Read(PathOf(name)) is { } bytes)
                {
                    yield return (name, bytes);
                }
            }
        }
    }

    /// <summary>
    /// Puts objects into a repository where they are missing, damaged, or older than their copies; gives the names put. What is sound and not older stays: another
    /// key directory may have signed it. A copy that is itself damaged is left out.
    /// </summary>
    public async ValueTask<IReadOnlyList<string>> PublishAsync(IObjectStore store, Id16 reserveId, byte[] keyRole, List<StingException> faults, CancellationToken cancel)
    {
        var put = new List<string>();
        foreach (var (name, bytes) in All())
        {
            uint revision;
            try
            {
                revision = RevisionOf(name, bytes, reserveId, keyRole);
            }
            catch (StingException fault)
            {
                faults.Add(KeyFrame.Damaged(PathOf(name), fault.Message, fault));
                continue;
            }
            try
            {
                if (await ReplaceAsync(store, name, bytes, present => IsSound(name, present, revision, reserveId, keyRole), cancel).ConfigureAwait(false))
                {
                    put.Add(name);
                }
            }
            catch (StingException locked) when (locked.ErrorId == "ObjectLocked")
            {
                faults.Add(locked);   // an older revision still says what it says; what is damaged is read elsewhere until its lock ends
            }
        }
        return put;
    }

    /// <summary>Puts an object unless what is there may stay; false then. What another host put there since the look (a repair, from a tier that has the one before) is looked at in turn.</summary>
    private static async ValueTask<bool> ReplaceAsync(IObjectStore store, string name, byte[] bytes, Func<byte[], bool> mayStay, CancellationToken cancel)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await ClaimReader.ReadBytesAsync(store, name, cancel).ConfigureAwait(false) is { } present)
            {
                if (mayStay(present))
                {
                    return false;
                }
                await store.DeleteAsync(name, cancel).ConfigureAwait(false);
            }
            if (await store.PutAsync(name, bytes, cancel).ConfigureAwait(false))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The other way: copies of what the repository has, where there is none; gives how many. What the key role did not sign is passed over.</summary>
    public async ValueTask<int> TakeAsync(IObjectStore store, Id16 reserveId, byte[] keyRole, CancellationToken cancel)
    {
        var taken = 0;
        foreach (var prefix in Prefixes)
        {
            await foreach (var found in store.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                // Gone since the listing: it is being replaced, and the host that does it keeps a copy.
                if (await ClaimReader.ReadBytesAsync(store, found.Name, cancel).ConfigureAwait(false) is { } bytes && IsSound(found.Name, bytes, 0, reserveId, keyRole) && files.Read(PathOf(found.Name)) is null)
                {
                    Keep(found.Name, bytes);
                    taken++;
                }
            }
        }
        return taken;
    }

    private static bool IsSound(string name, byte[] present, uint revision, Id16 reserveId, byte[] keyRole)
    {
        try
        {
            return RevisionOf(name, present, reserveId, keyRole) >= revision;
        }
        catch (StingException damaged) when (damaged.Kind == FailureKind.Integrity)
        {
            return false;
        }
        catch (StingException tooNew) when (tooNew.Kind == FailureKind.NotSupported)
        {
            // A later version's, which stays; unless it is one of ours but for the version in its header: the signature covers that too.
            var header = present.ToArray();
            ObjectFrame.WriteHeader(header, KindOf(name));
            return header.AsSpan().SequenceEqual(present) || !IsSound(name, header, 0, reserveId, keyRole);
        }
    }

    private static ObjectKind KindOf(string name) => ObjectKinds.Of(name) ?? ObjectKind.Writer;

    /// <summary>Checks that the key role signed it, and gives its revision.</summary>
    private static uint RevisionOf(string name, byte[] bytes, Id16 reserveId, byte[] keyRole)
    {
        switch (KindOf(name))
        {
            case ObjectKind.Format:
                return FormatObject.Read(name, bytes, keyRole).Revision;
            case ObjectKind.Approver:
                return ApproverObject.Read(name, bytes, reserveId, keyRole).Revision;
            case ObjectKind.Ledger:
                LedgerEntry.Read(name, bytes, reserveId, keyRole);
                return 1;   // written once
            default:
                return WriterObject.Read(name, bytes, reserveId, keyRole).Revision;
        }
    }

    private IReadOnlyList<string> List(string folder)
    {
        try
        {
            return files.List(folder) ?? [];
        }
        catch (StingException denied) when (denied.Kind == FailureKind.PermissionDenied)
        {
            return [];   // the backup role has no right on the key directory, and needs none
        }
    }
}
