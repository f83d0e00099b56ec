using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Copies of what the key role signed for the repository, in the key directory under <c>signed/</c> by object name: how they get there in the first place, and
/// how they come back when the repository loses or damages them.
/// </summary>
internal sealed class SignedCopies(IKeyFiles files, KeyOptions options)
{
    private static readonly string[] Prefixes = [KeyObjectNames.FormatPrefix, KeyObjectNames.WriterPrefix];

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

    /// <summary>Puts objects into a repository where they are missing or differ from their copies; gives the names put. A copy that is itself damaged is left out.</summary>
    public async ValueTask<IReadOnlyList<string>> PublishAsync(IObjectStore store, Id16 reserveId, byte[] keyRole, List<StingException> faults, CancellationToken cancel)
    {
        var put = new List<string>();
        foreach (var (name, bytes) in All())
        {
            try
            {
                Check(name, bytes, reserveId, keyRole);
            }
            catch (StingException fault)
            {
                faults.Add(KeyFrame.Damaged(PathOf(name), fault.Message, fault));
                continue;
            }
            if (await ClaimReader.ReadBytesAsync(store, name, cancel).ConfigureAwait(false) is { } present)
            {
                if (present.AsSpan().SequenceEqual(bytes))
                {
                    continue;
                }
                await store.DeleteAsync(name, cancel).ConfigureAwait(false);
            }
            await store.PutAsync(name, bytes, cancel).ConfigureAwait(false);
            put.Add(name);
        }
        return put;
    }

    /// <summary>Checks that the key role signed it.</summary>
    private static void Check(string name, byte[] bytes, Id16 reserveId, byte[] keyRole)
    {
        if (name.StartsWith(KeyObjectNames.FormatPrefix, StringComparison.Ordinal))
        {
            FormatObject.Read(name, bytes, keyRole);
        }
        else
        {
            WriterObject.Read(name, bytes, reserveId, keyRole);
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
