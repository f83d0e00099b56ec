using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>
/// Secrets written to a place in Vault that serves nothing else, read back and removed: that they can be written to Vault again is shown by writing them. Each drill has a folder of its own there, named as the
/// one that it restores to, so that the next one finds what a killed one left.
/// </summary>
internal sealed class VaultTrial(Installation installation, string prefix)
{
    public const string Kind = "secrets, read back out of Vault";

    /// <summary>Writes the secrets that a restore put into a folder.</summary>
    /// <param name="folder">The restored folder.</param>
    /// <param name="tally">Takes what is found.</param>
    /// <param name="output">Told of what could not be set.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> RunAsync(string folder, DrillTally tally, JobOutput output, CancellationToken cancel)
    {
        var restored = Path.Combine(folder, ReserveMounts.Vault.ToString());
        if (!Directory.Exists(restored) || installation.Configuration?.Vault is not { } vault)
        {
            return false;
        }
        var place = Place(Path.GetFileName(folder));
        using var target = VaultRestoreTarget.OfClient(ConfiguredSources.OpenVault(vault, installation.HostView, installation.Clock), vault.Mount, place.ToString(), installation.Clock, MasterKeys.Load(vault.MasterKeyFiles, output.Warn), cancel);
        foreach (var file in Directory.EnumerateFiles(restored, "*", SearchOption.AllDirectories))
        {
            cancel.ThrowIfCancellationRequested();
            var path = EntryPath.FromBytes(Encoding.UTF8.GetBytes(Path.GetRelativePath(restored, file))).Under(place);
            var content = await File.ReadAllBytesAsync(file, cancel).ConfigureAwait(false);
            tally.Count(Kind, 1, IsBack(target, path, content) ? 1 : 0);
        }
        return true;
    }

    /// <summary>Removes what a drill wrote there.</summary>
    public async Task RemoveAsync(string folder, CancellationToken cancel)
    {
        if (installation.Configuration?.Vault is { } vault)
        {
            using var client = ConfiguredSources.OpenVault(vault, installation.HostView, installation.Clock);
            await RemoveBelowAsync(new VaultKv(client, vault.Mount, installation.Clock), Place(Path.GetFileName(folder)).ToString(), cancel).ConfigureAwait(false);
        }
    }

    private EntryPath Place(string drill) => EntryPath.FromBytes(Encoding.UTF8.GetBytes($"{prefix}/{drill}"));

    private static bool IsBack(VaultRestoreTarget target, EntryPath path, byte[] content)
    {
        using (var file = target.CreateFile(path, content.Length))
        {
            file.Write(0, content);
            file.Place(path, new ItemMetadata(), replace: false);
        }
        if (target.Find(path) is not { } found)
        {
            return false;
        }
        using var back = target.OpenExisting(found);
        var read = new byte[content.Length + 1];
        var length = 0;
        for (int more; length < read.Length && (more = back.Read(length, read.AsSpan(length))) > 0;)
        {
            length += more;
        }
        return read.AsSpan(0, length).SequenceEqual(content);
    }

    private static async Task RemoveBelowAsync(VaultKv kv, string folder, CancellationToken cancel)
    {
        foreach (var name in await kv.ListAsync(folder, cancel).ConfigureAwait(false) ?? [])
        {
            if (name.EndsWith('/'))
            {
                await RemoveBelowAsync(kv, $"{folder}/{name[..^1]}", cancel).ConfigureAwait(false);
            }
            else
            {
                await kv.RemoveAsync($"{folder}/{name}", cancel).ConfigureAwait(false);
            }
        }
    }
}
