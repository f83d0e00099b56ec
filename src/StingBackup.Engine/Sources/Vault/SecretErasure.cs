using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>What an owner who was erased has in a running Vault.</summary>
/// <param name="Folder">His folder.</param>
/// <param name="Secrets">Paths of his secrets.</param>
internal sealed record ErasedSecrets(string Folder, IReadOnlyList<string> Secrets);

/// <summary>Finds the secrets of erased subjects by the owner in their path (<see cref="VaultPaths"/>), and removes them with all their versions. Reads no value.</summary>
internal static class SecretErasure
{
    /// <summary>Finds them. Needs <c>list</c> on <c>&lt;mount&gt;/metadata/&lt;prefix&gt;/*</c>.</summary>
    /// <param name="kv">The mount.</param>
    /// <param name="prefix">The folder that is backed up; what lies outside <c>files</c> belongs to nobody.</param>
    /// <param name="subjectsOf">The subjects that an owner's name may mean.</param>
    /// <param name="isErased">Whether a subject was erased.</param>
    /// <param name="cancel">Cancels.</param>
    public static async Task<IReadOnlyList<ErasedSecrets>> FindAsync(VaultKv kv, string prefix, Func<string, IEnumerable<string>> subjectsOf, Func<string, bool> isErased, CancellationToken cancel)
    {
        await kv.CheckMountAsync(cancel).ConfigureAwait(false);
        var erased = new List<ErasedSecrets>();
        var root = prefix.Trim('/') is { Length: > 0 } folder ? folder : VaultPaths.Files;
        if (root != VaultPaths.Files && !root.StartsWith(VaultPaths.Files + "/", StringComparison.Ordinal))
        {
            return erased;
        }
        var owners = root == VaultPaths.Files ? (await kv.ListAsync(root, cancel).ConfigureAwait(false) ?? []).Where(name => name.EndsWith('/')).Select(name => name[..^1]) : [root.Split('/')[1]];
        foreach (var owner in owners.Where(owner => subjectsOf(owner).Any(isErased)))
        {
            var mine = new List<string>();
            await CollectAsync(kv, root == VaultPaths.Files ? $"{root}/{owner}" : root, mine, cancel).ConfigureAwait(false);
            if (mine.Count > 0)
            {
                erased.Add(new ErasedSecrets($"{VaultPaths.Files}/{owner}", mine));
            }
        }
        return erased;
    }

    /// <summary>Removes them. Needs <c>delete</c> on <c>&lt;mount&gt;/metadata/&lt;prefix&gt;/*</c>, which no backup and no restore has.</summary>
    public static async Task RemoveAsync(VaultKv kv, IEnumerable<ErasedSecrets> erased, CancellationToken cancel)
    {
        foreach (var path in erased.SelectMany(owner => owner.Secrets))
        {
            await kv.RemoveAsync(path, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The subjects that the name of an owner means: as a backup places it, and the person that the database knows by it.</summary>
    public static IEnumerable<string> SubjectsOf(string owner, UsersMap users, Func<string, string?> resolve)
    {
        yield return VaultPaths.Classify(EntryPath.Root.Append("files"u8).Append(VaultPaths.ToFileName(owner, isBesideFolder: false)), users).Subject;
        if (resolve(owner) is { } known)
        {
            yield return known;
        }
    }

    private static async Task CollectAsync(VaultKv kv, string folder, List<string> found, CancellationToken cancel)
    {
        foreach (var name in await kv.ListAsync(folder, cancel).ConfigureAwait(false) ?? [])
        {
            if (name.EndsWith('/'))
            {
                await CollectAsync(kv, $"{folder}/{name[..^1]}", found, cancel).ConfigureAwait(false);
            }
            else
            {
                found.Add($"{folder}/{name}");
            }
        }
    }
}
